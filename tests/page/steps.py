"""What a reviewer does on the page."""

import json
from typing import Any

import pytest

from tests.chromium import CHROMIUM, Tab
from tests.page.reviewing_server import ReviewingServer

IN_A_BROWSER = [
    pytest.mark.process,
    pytest.mark.pages,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

SHIFT = 8
CTRL = 2


async def open_queue(tab: Tab, server: ReviewingServer) -> None:
    """Open the queue, and wait until its reviews are listed."""
    await tab.resize(1280, 900)
    await tab.open(f"{server.address}/#/review")
    await tab.until("document.querySelector('.ticket-row')")


async def open_ticket(tab: Tab, server: ReviewingServer, ticket: str) -> None:
    """Open a ticket by its address, and wait until it is read."""
    await tab.resize(1280, 900)
    question = server.reviews[ticket]["question"]["text"]
    if await tab.evaluate("location.origin") == server.address:
        await tab.evaluate(f"location.hash = '#/review/{ticket}'")
    else:
        await tab.open(f"{server.address}/#/review/{ticket}")
    await tab.until(f"document.querySelector('.ticket h1')?.innerText === {json.dumps(question)}")


async def text(tab: Tab, selector: str) -> str:
    """Return the text of the first element that matches, as it is shown."""
    found: str = await tab.until(f"document.querySelector({selector!r})?.innerText")
    return found


async def texts(tab: Tab, selector: str) -> list[str]:
    """Return the texts of all elements that match."""
    found: list[str] = await tab.evaluate(f"[...document.querySelectorAll({selector!r})].map(each => each.innerText)")
    return found


async def replace(tab: Tab, words: str) -> None:
    """Replace the text of the field that has the focus."""
    await tab.evaluate("document.activeElement.select()")
    await tab.type(words)


def sent(server: ReviewingServer, method: str) -> list[dict[str, Any]]:
    """Return the requests of a method, in order."""
    return [message for called, message in server.calls if called.endswith(f"/{method}")]
