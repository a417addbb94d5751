"""Fitting of what the server ships fitted: the rule checker's weights, made from bench/data."""
