"""The repository's own evaluation: `make eval` prints what is promised of answers and verdicts, and what is kept."""
