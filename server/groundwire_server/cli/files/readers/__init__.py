"""Readers: each turns the bytes of one format into Markdown or plain text."""
