"""The page of a real server: its gateway, its store and its own model of quotes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chromium import Tab
from tests.page.serving import served
from tests.page.steps import CTRL, IN_A_BROWSER, text, texts

pytestmark = IN_A_BROWSER

QUESTION = "How much may a hotel cost in Munich?"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[str]:
    """A server that holds a document of the tenant that the page takes without a credential."""
    async with served(tmp_path, {}) as url:
        yield url


async def test_a_question_is_answered_from_the_documents(page: str, tab: Tab) -> None:
    await tab.resize(1280, 900)
    await tab.open(page)
    await tab.until("document.querySelector('.choice select')")
    assert await text(tab, "#who .name") == "anonymous · default"

    await tab.evaluate("document.querySelector('#question').focus()")
    await tab.type(QUESTION)
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.outcome')")
    assert "In Munich and Hamburg the limit is 160 euros." in await text(tab, ".outcome .prose")
    assert set(await texts(tab, ".prose .badge")) == {"❝\nQuoted"}
    await tab.evaluate("document.querySelector('.prose .cite').click()")
    assert "160 euros" in (await texts(tab, ".evidence .open mark"))[0]
    await tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert "retrieve" in " ".join(await texts(tab, ".waterfall th"))
    assert tab.complaints == []


async def test_the_gateway_sends_the_page_compressed_and_again_only_when_it_has_changed(page: str, tab: Tab) -> None:
    sizes = "performance.getEntriesByType('resource').filter(each => /\\.(js|css)$/.test(each.name))"
    await tab.open(page)
    await tab.until("document.querySelector('.choice select')")
    sent = await tab.evaluate(f"{sizes}.reduce((sum, each) => sum + each.encodedBodySize, 0)")
    held = await tab.evaluate(f"{sizes}.reduce((sum, each) => sum + each.decodedBodySize, 0)")
    assert sent < 0.5 * held

    await tab.call("Page.reload")
    await tab.until("document.querySelector('.choice select')")
    again = await tab.evaluate(f"{sizes}.reduce((sum, each) => sum + each.transferSize, 0)")
    assert again < 0.5 * sent
    assert tab.complaints == []
