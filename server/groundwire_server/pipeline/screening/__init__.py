"""Screening: the guards of a route look at the question, the evidence and the answer."""
