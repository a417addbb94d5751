"""How the page looks and what a screen reader finds, in each view, light and dark, wide and narrow."""

import pytest

from tests.chromium import CONTRAST, Tab
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import IN_A_BROWSER, texts

pytestmark = IN_A_BROWSER

NAMED = frozenset({"button", "link", "textbox", "combobox", "checkbox", "image", "img", "region", "dialog", "Date"})
"""Roles that say nothing without a name."""

CLIPPED = """
[...document.querySelectorAll('main *, header *')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && !each.closest('.scroll, .code, .hidden');
}).map(each => each.outerHTML.slice(0, 120))
"""
"""Elements that leave the window, apart from those in a region that scrolls by itself."""

TARGETS = """
[...document.querySelectorAll('main button, main select, header button')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.height && (box.height < 22 || box.width < 22);
}).map(each => each.outerHTML.slice(0, 120))
"""
"""Controls that are too small to be hit."""

VIEWS = {
    "ask": ("#/ask", "document.querySelector('.choice select')"),
    "queue": ("#/review", "document.querySelector('.ticket-row')"),
    "ticket": ("#/review/hotel", "document.querySelector('.comparison')"),
    "sample": ("#/review/sample", "document.querySelector('.comparison')"),
    "hostile": ("#/review/hostile", "document.querySelector('.comparison')"),
    "usage": ("#/usage", "document.querySelector('.chart')"),
}


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_can_be_read_at_any_size_and_by_a_screen_reader(
    server: ReviewingServer, tab: Tab, view: str
) -> None:
    address, shown = VIEWS[view]
    await tab.open(f"{server.address}/{address}")
    await tab.until(shown)
    await tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    if view == "ticket":
        await tab.press("e")
        await tab.until("document.querySelector('.checking .comparison')")

    for scheme in ("light", "dark"):
        await tab.prefer(scheme)
        assert await tab.evaluate(CONTRAST) == [], scheme
    for width in (1280, 400):
        await tab.resize(width, 900)
        assert await tab.evaluate("document.scrollingElement.scrollWidth") <= width
        assert await tab.evaluate(CLIPPED) == [], width
        assert await tab.evaluate(TARGETS) == [], width

    nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
    seen = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    assert [role for role, name in seen if role in NAMED and not name] == []
    assert {"main", "navigation", "banner"} <= {role for role, _ in seen}
    assert "heading" in {role for role, _ in seen}
    assert await tab.evaluate("document.documentElement.lang") == "en"
    assert await tab.evaluate("document.querySelectorAll('h1').length") == (2 if address.startswith("#/review/") else 1)
    assert tab.complaints == []


async def test_the_colours_can_be_chosen(server: ReviewingServer, tab: Tab) -> None:
    await tab.prefer("light")
    await tab.open(server.address)
    await tab.until("document.querySelector('#views a')")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = await tab.evaluate(background)

    await tab.evaluate("document.querySelector('#theme-button').click()")
    assert await tab.evaluate(background) != light
    assert (
        await tab.evaluate("document.querySelector('#theme-button').getAttribute('aria-label')") == "Use light colours"
    )
    assert await tab.evaluate(CONTRAST) == []


async def test_tab_reaches_everything_and_the_focus_is_seen(server: ReviewingServer, tab: Tab) -> None:
    await tab.open(f"{server.address}/#/review/hotel")
    await tab.until("document.querySelector('.comparison')")
    await tab.evaluate("document.activeElement.blur(); document.body.focus()")
    reached = set()
    for _ in range(40):
        await tab.press("Tab")
        outlined = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        if await tab.evaluate("document.activeElement === document.body"):
            continue
        name = await tab.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")
        assert await tab.evaluate(outlined), name
        reached.add(name)
    buttons = await texts(tab, ".actions button")
    assert buttons
    assert set(buttons) <= reached
