"""A scripted server for the client's tests."""

from collections.abc import Iterator

import pytest

from tests.doubles.service import FakeService, serving


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    with serving(service) as address:
        yield address
