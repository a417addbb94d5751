"""Wake-ups of those that wait for queued answers: within a process, or through a broker."""
