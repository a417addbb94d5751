"""What every provider behind HTTP has: one session, bounded exchanges, refusals, retries, circuits and turns."""
