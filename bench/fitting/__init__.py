"""Fitting the estimates that the server ships with: relevance, the quoting model's, and confidence."""
