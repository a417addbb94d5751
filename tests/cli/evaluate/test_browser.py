"""The page of an evaluation in a real browser: what it fetches, and whether all of it can be read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.cli.evaluate.page import html
from groundwire_server.evaluation.result import evaluate
from tests.chromium import CHROMIUM, CONTRAST, Browser, Tab
from tests.cli.evaluate.test_page import MANY

pytestmark = [
    pytest.mark.process,
    pytest.mark.pages,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

OUTSIDE = """
[...document.querySelectorAll('svg[role=img]')].flatMap(chart => {
  const box = (chart.closest('figure') ?? chart).getBoundingClientRect();
  if (!box.width || !box.height) return ['a chart without a size'];
  return [...chart.querySelectorAll('text, circle, line, polyline')]
    .map(mark => [mark, mark.getBoundingClientRect()])
    .filter(([, own]) => own.right > box.right + 2 || own.left < box.left - 2 || own.bottom > box.bottom + 2)
    .map(([mark]) => `${chart.getAttribute('aria-label')}: ${mark.tagName} ${mark.textContent}`);
})
"""
"""Marks that leave the frame of their chart."""

OVERLAPPING = """
[...document.querySelectorAll('svg.chart')].flatMap(chart => {
  const texts = [...chart.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  return texts.flatMap(([one, a], place) => texts.slice(place + 1)
    .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} and ${other}`));
})
"""
"""Texts of a chart that lie over each other."""


@pytest.fixture
async def tab(browser: Browser, tmp_path: Path) -> AsyncIterator[Tab]:
    """A tab that shows the page."""
    page = tmp_path / "evaluation.html"
    page.write_text(html(evaluate([MANY])), encoding="utf-8")
    async with browser.tab() as opened:
        await opened.open(page)
        yield opened


async def test_the_page_can_be_read_and_fetches_nothing(tab: Tab) -> None:
    for scheme in ("light", "dark"):
        await tab.prefer(scheme)
        assert await tab.evaluate(CONTRAST) == [], scheme
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 19, 21)"

    for width in (360, 800, 1400):
        await tab.resize(width, 900)
        assert await tab.evaluate("document.scrollingElement.scrollWidth") <= width
        assert await tab.evaluate(OUTSIDE) == [], width
        assert await tab.evaluate(OVERLAPPING) == [], width

    assert [url.partition(":")[0] for url in tab.requests] == ["file"]
    assert tab.complaints == []


async def test_a_reader_of_the_screen_finds_every_part(tab: Tab) -> None:
    nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
    seen = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]

    headings = [name for role, name in seen if role == "heading"]
    assert headings[0] == "groundwire evaluation"
    assert {"Measures", "Risk and coverage", "Verdicts by kind of statement", "Time by stage"} <= set(headings)
    images = [name for role, name in seen if role in {"image", "img"}]
    assert len(images) >= 10
    assert all(images)
    assert "columnheader" in {role for role, _ in seen}
    assert await tab.evaluate("document.documentElement.lang") == "en"
