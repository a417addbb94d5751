"""Reviews on the terminal: listing, showing, deciding."""
