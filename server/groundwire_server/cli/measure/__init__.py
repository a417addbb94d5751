"""`groundwire measure`: how often what has left is wrong."""
