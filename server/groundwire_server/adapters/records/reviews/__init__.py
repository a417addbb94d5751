"""Reviews in a database."""
