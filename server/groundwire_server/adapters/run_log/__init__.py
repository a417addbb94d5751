"""Logs of runs."""
