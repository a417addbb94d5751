"""`groundwire replay`."""
