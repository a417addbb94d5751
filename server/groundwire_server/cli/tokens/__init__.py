"""`groundwire tokens`."""
