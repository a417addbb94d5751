"""`groundwire check`: reads a text and facts, and prints what stands."""
