"""`groundwire calibrate`, and its page."""
