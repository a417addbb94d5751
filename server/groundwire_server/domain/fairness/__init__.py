"""Fair shares of what is scarce: pure data structures, without a clock and without tasks."""
