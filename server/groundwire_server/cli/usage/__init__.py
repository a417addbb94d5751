"""What models have consumed."""
