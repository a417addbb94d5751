"""`groundwire documents`: what is stored, and taking it out again."""
