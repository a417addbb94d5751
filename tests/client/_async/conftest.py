"""A client of the scripted server."""

from collections.abc import AsyncIterator

import pytest

import groundwire

QUICK = groundwire.Retry(initial_backoff=0.001)


@pytest.fixture
async def client(address: str) -> AsyncIterator[groundwire.Client]:
    async with groundwire.Client(
        address, tenant="acme", subject="ada", principals=["staff", "hr"], retry=QUICK
    ) as client:
        yield client
