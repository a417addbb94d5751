"""Files that a server was told to read."""
