"""Counts of limits: in memory for one process, in Redis for several."""
