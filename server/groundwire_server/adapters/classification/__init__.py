"""Endpoints that classify texts, for checkers and guards."""
