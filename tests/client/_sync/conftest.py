# Generated from tests/client/_async/conftest.py: change that, then `make generate`.
"""A client of the scripted server."""

from collections.abc import Iterator

import pytest

import groundwire

QUICK = groundwire.Retry(initial_backoff=0.001)


@pytest.fixture
def client(address: str) -> Iterator[groundwire.SyncClient]:
    with groundwire.SyncClient(
        address, tenant="acme", subject="ada", principals=["staff", "hr"], retry=QUICK
    ) as client:
        yield client
