"""Prompts and experiments in a database."""
