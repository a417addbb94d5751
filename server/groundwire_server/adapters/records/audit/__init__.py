"""The audit trail in a database."""
