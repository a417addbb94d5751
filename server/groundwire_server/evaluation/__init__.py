"""The quality of searches, answers and verdicts, measured on labelled questions and statements."""
