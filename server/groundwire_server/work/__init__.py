"""Queued answers: accepting them, working them off, and telling of their end."""
