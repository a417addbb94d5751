"""A question that waits for a reviewer, from the browser of its caller to that of the reviewer and back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chromium import Browser, Tab
from tests.page.serving import served
from tests.page.steps import CTRL, IN_A_BROWSER, replace, text, texts

pytestmark = IN_A_BROWSER

QUESTION = "How much may a hotel cost in Munich?"
WRITTEN = "In Munich and Hamburg the limit is 160 euros."
SECTIONS = {
    "routes": {
        "default": {"models": ["extractive"], "store": "main", "review": {"enabled": True, "always": True}},
    }
}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[str]:
    """A server whose answers all wait for a reviewer."""
    async with served(tmp_path, SECTIONS) as url:
        yield url


async def sign_in(tab: Tab, name: str) -> None:
    """Say who the user is, to a server that asks for no proof."""
    await tab.until("document.querySelector('#who button')")
    await tab.evaluate("document.querySelector('#who button').click()")
    await tab.until("document.querySelector('dialog[open] [name=subject]')")
    await tab.type(name)
    await tab.press("Enter")
    await tab.until(f"document.querySelector('#who .name').innerText.startsWith('{name} ')")


async def ask(tab: Tab, page: str) -> None:
    """Ask the question, and wait until it is in review."""
    await tab.resize(1280, 900)
    await tab.open(page)
    await sign_in(tab, "cleo")
    await tab.until("document.querySelector('.choice select')")
    await tab.evaluate("document.querySelector('#question').focus()")
    await tab.type(QUESTION)
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.card.waiting')")


async def take(tab: Tab, page: str) -> None:
    """Open the first review of the queue."""
    await tab.resize(1280, 900)
    await tab.open(f"{page}/#/review")
    await sign_in(tab, "ann")
    await tab.until("document.querySelector('.ticket-row')")
    await tab.press("j")
    await tab.press("Enter")
    await tab.until("document.querySelector('.ticket h1')")


async def test_an_approved_answer_reaches_its_caller(page: str, tab: Tab, browser: Browser) -> None:
    async with browser.tab() as reviewer:
        await ask(tab, page)
        await take(reviewer, page)
        assert await text(reviewer, ".ticket h1") == QUESTION
        assert "every answer approved" in await text(reviewer, ".ticket .banner")
        assert "160 euros" in " ".join(await texts(reviewer, ".rests mark"))

        await reviewer.press("a")
        await reviewer.until("document.querySelector('.panel form')")
        await reviewer.press("Enter")
        await reviewer.until("document.querySelector('.ticket h2')?.innerText.startsWith('Approved by ann')")
        await tab.until("document.querySelector('.outcome .prose')")
        assert "A reviewer approved it" in await text(tab, ".banner")
        await reviewer.evaluate(
            "[...document.querySelectorAll('summary')].find(each => each.innerText === 'Audit trail').click()"
        )
        await reviewer.until("document.querySelector('.ticket details td')")
        events = {row.split("\t")[3] for row in await texts(reviewer, ".ticket details tbody tr")}
        assert {"opened", "claimed", "approved"} <= events
        assert reviewer.complaints == []
    assert tab.complaints == []


async def test_an_edited_answer_is_checked_and_reaches_its_caller(page: str, tab: Tab, browser: Browser) -> None:
    async with browser.tab() as reviewer:
        await ask(tab, page)
        await take(reviewer, page)

        await reviewer.press("e")
        await reviewer.until("document.activeElement.tagName === 'TEXTAREA'")
        await replace(reviewer, "A hotel in Munich may cost 300 euros.")
        await reviewer.until(
            "[...document.querySelectorAll('.checking .badge')].some("
            "each => /Contradicted|Not supported/.test(each.innerText))"
        )
        await reviewer.press("Enter", CTRL)
        assert "not supported well enough" in await text(reviewer, ".problem:not(:empty)")
        await reviewer.evaluate("document.querySelector('.panel textarea').focus()")
        await replace(reviewer, WRITTEN)
        await reviewer.until(
            "document.querySelector('.checking [role=status]').innerText === 'Every sentence may leave.'"
        )
        await reviewer.press("Enter", CTRL)
        await reviewer.until("document.querySelector('.ticket h2')?.innerText.startsWith('Edited by ann')")
        await tab.until("document.querySelector('.outcome .prose')")
        assert WRITTEN in await text(tab, ".outcome .prose")
        assert "A reviewer wrote it" in await text(tab, ".banner")


async def test_a_rejected_answer_does_not_leave(page: str, tab: Tab, browser: Browser) -> None:
    async with browser.tab() as reviewer:
        await ask(tab, page)
        await take(reviewer, page)

        await reviewer.press("x")
        await reviewer.until("document.querySelector('.panel textarea')")
        await reviewer.evaluate("document.querySelector('.panel textarea').focus()")
        await reviewer.type("It is out of date.")
        await reviewer.press("Enter", CTRL)
        await reviewer.until("document.querySelector('.ticket h2')?.innerText.startsWith('Rejected by ann')")
        await tab.until("document.querySelector('.banner')?.innerText.includes('reviewer rejected') || null")
        assert "160 euros" not in await text(tab, ".answer")
