"""A browser and a double of the server, for the page of reviewers."""

from collections.abc import AsyncIterator

import pytest

from tests.chromium import Tab, chromium
from tests.page.contents import reviews
from tests.page.reviewing_server import ReviewingServer


@pytest.fixture
async def server() -> AsyncIterator[ReviewingServer]:
    """A double with reviews of each kind."""
    async with ReviewingServer(reviews()).running() as running:
        yield running


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    """A browser."""
    async with chromium() as opened:
        yield opened
