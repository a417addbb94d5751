"""A browser and a double of the server, for the page of reviewers."""

from collections.abc import AsyncIterator

import pytest

from tests.chromium import Browser, Tab
from tests.page.contents import reviews
from tests.page.reviewing_server import ReviewingServer


@pytest.fixture
async def server() -> AsyncIterator[ReviewingServer]:
    """A double with reviews of each kind."""
    async with ReviewingServer(reviews()).running() as running:
        yield running


@pytest.fixture
async def tab(browser: Browser) -> AsyncIterator[Tab]:
    """A tab of a browser in which nothing has happened yet."""
    async with browser.tab() as opened:
        yield opened
