"""Records that outlive the process, in SQLite or PostgreSQL."""
