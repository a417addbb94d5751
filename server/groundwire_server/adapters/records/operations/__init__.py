"""Queued answers in SQL, on SQLite and PostgreSQL alike."""
