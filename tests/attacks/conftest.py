"""A real server on a real port, and the fixtures of the end-to-end tests."""

from tests.e2e.conftest import product, pytest_asyncio_loop_factories, serve

__all__ = ["product", "pytest_asyncio_loop_factories", "serve"]
