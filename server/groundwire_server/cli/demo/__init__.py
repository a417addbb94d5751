"""`groundwire demo`: a server of its own, real text, real questions."""
