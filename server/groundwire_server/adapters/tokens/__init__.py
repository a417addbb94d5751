"""Counters of tokens: those of vocabularies in files, and estimates."""
