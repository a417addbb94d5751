"""`groundwire submit` and `groundwire operations`: questions that are answered later."""
