"""Splitting text into sentences, words and estimated tokens, in any script, without a dependency."""
