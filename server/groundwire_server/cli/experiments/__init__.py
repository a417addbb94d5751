"""`groundwire experiments`: begin, change, end and list experiments."""
