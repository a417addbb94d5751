"""A scripted server for the client's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest

import groundwire
from tests.doubles.service import FakeService, serving


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
async def client(address: str) -> AsyncIterator[groundwire.Client]:
    async with groundwire.Client(address, tenant="acme", subject="ada", principals=["staff", "hr"]) as client:
        yield client


@pytest.fixture
def sync_client(address: str) -> Iterator[groundwire.SyncClient]:
    with groundwire.SyncClient(address, tenant="acme", subject="ada", principals=["staff", "hr"]) as client:
        yield client
