"""`groundwire demo`: its own server, real text, real questions."""
