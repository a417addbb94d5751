"""Earlier answers that may stand in: in the memory of a process, or in a Redis that several share."""
