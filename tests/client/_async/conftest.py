"""A client of the scripted server."""

from collections.abc import AsyncIterator

import pytest

import groundwire

QUICK = groundwire.Retry(initial_backoff=0.001)


@pytest.fixture
async def client(address: str) -> AsyncIterator[groundwire.Client]:
    identity = {"tenant": "acme", "subject": "ada"}
    async with groundwire.Client(address, **identity, principals=["staff", "hr"], retry=QUICK) as client:
        yield client
