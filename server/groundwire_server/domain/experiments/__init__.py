"""Experiments: which calls belong to which arm, what came of them, and when an arm must end."""
