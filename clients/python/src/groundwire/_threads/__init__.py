"""What the client without asyncio does by hand; `_aio` has the same names for the client with it."""
