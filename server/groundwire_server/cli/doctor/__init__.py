"""`groundwire doctor`: checks of a server and of what it works with."""
