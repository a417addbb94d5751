"""What the client for asyncio does by hand; `_threads` has the same names for the client without it."""
