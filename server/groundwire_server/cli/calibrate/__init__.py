"""`groundwire calibrate`: of a route, with its page, and of a checker."""
