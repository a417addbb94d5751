"""`groundwire ingest`: the plan of what to store, its upload, and the summary."""
