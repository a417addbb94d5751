"""What is computed from recordings."""
