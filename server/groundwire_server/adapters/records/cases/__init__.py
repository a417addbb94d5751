"""Answers that are kept for reviewers and for feedback."""
