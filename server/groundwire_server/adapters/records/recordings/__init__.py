"""Recordings in the database of records."""
