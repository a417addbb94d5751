"""Measuring guards: what they are measured on is in `bench/data/guards`."""
