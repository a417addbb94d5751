"""Posting webhooks to addresses that callers name."""
