"""The browser that tests share: what one of them does in it, no other sees, and a crash is that of one test alone."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.chromium import Browser, BrowserGoneError
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import IN_A_BROWSER

pytestmark = IN_A_BROWSER

KEEP = "document.cookie = 'name=ann'; localStorage.name = sessionStorage.name = 'ann'"
KEPT = """
[document.cookie, localStorage.name, sessionStorage.name, matchMedia('(prefers-color-scheme: dark)').matches].join()
"""
NOTHING = ",,,false"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Browser]:
    """A browser of this test alone."""
    started = Browser(tmp_path)
    yield started
    started.end()


async def test_tabs_share_nothing_that_pages_keep(server: ReviewingServer, browser: Browser) -> None:
    async with browser.tab() as tab, browser.tab() as beside:
        await tab.open(server.address)
        await tab.prefer("dark")
        await tab.evaluate(KEEP)
        assert await tab.evaluate(KEPT) == "name=ann,ann,ann,true"
        await beside.open(server.address)
        assert await beside.evaluate(KEPT) == NOTHING
    async with browser.tab() as later:
        await later.open(server.address)
        assert await later.evaluate(KEPT) == NOTHING


async def kill(browser: Browser) -> None:
    """End the browser under a test that goes on."""
    async with browser.tab() as tab:
        assert browser.process is not None
        os.kill(browser.process, signal.SIGKILL)
        await tab.evaluate("1 + 1")


async def crash(browser: Browser) -> None:
    """End the process of a tab under a test that goes on."""
    async with browser.tab() as tab:
        await tab.call("Page.navigate", url="chrome://crash")
        await tab.until("false")


@pytest.mark.parametrize("end", [kill, crash])
async def test_a_crash_is_told_at_once_and_the_next_tab_works(
    own: Browser, end: Callable[[Browser], Awaitable[None]]
) -> None:
    with pytest.raises(BrowserGoneError):
        await end(own)
    async with own.tab() as later:
        assert await later.evaluate("1 + 1") == 2
