"""Answers that wait for a person: laying them before reviewers, deciding, and what follows."""
