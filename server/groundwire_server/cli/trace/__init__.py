"""`groundwire trace`: traces of calls, read back from Jaeger."""
