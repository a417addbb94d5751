# Generated from clients/python/src/groundwire/_async/__init__.py: change that, then `make generate`.
"""The client for programs without asyncio."""
