"""Signing in on the page, and again when the credential has expired."""

from tests.chromium import Tab
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import CTRL, IN_A_BROWSER, open_ticket, replace, sent, text, texts

pytestmark = IN_A_BROWSER

FIELD = "document.querySelector('dialog[open] [name=secret]')"
STORED = "JSON.stringify([{...localStorage}, document.cookie, Object.keys(sessionStorage)])"


async def sign_in(tab: Tab, token: str) -> None:
    """Fill the dialog in, and wait until it has gone."""
    await tab.until(FIELD)
    await tab.evaluate(f"{FIELD}.value = ''; {FIELD}.focus()")
    await tab.type(token)
    await tab.press("Enter")


async def test_a_token_is_kept_in_the_tab_alone(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"right": "ann"}
    await tab.open(server.address)

    await sign_in(tab, "wrong")
    assert "was not accepted" in await text(tab, "dialog[open] .problem:not(:empty)")
    await sign_in(tab, "right")
    assert await text(tab, "#who .name") == "ann · acme"
    assert await tab.evaluate(STORED) == '[{},"",["groundwire.session","groundwire.writer"]]'

    await tab.call("Page.reload")
    assert await text(tab, "#who .name") == "ann · acme"
    await tab.evaluate(
        "[...document.querySelectorAll('#who button')].find(each => each.innerText === 'Sign out').click()"
    )
    assert await text(tab, "main h1") == "You are signed out"
    assert await tab.evaluate(STORED) == '[{},"",[]]'


async def test_a_key_that_is_pasted_where_a_token_is_asked_for_is_sent_as_a_key(
    server: ReviewingServer, tab: Tab
) -> None:
    server.tokens = {"gw_5f0c9a1be37d_secret": "rita"}
    await tab.open(f"{server.address}/#/review")
    await tab.until(FIELD)
    await tab.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
    assert await texts(tab, "main") == [""]

    await sign_in(tab, "gw_5f0c9a1be37d_secret")
    assert await text(tab, "#who .name") == "rita · acme"
    assert '"kind":"key"' in await tab.evaluate("sessionStorage.getItem('groundwire.session')")


async def test_a_page_that_was_open_for_a_day_loses_nothing(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"monday": "ann"}
    await tab.open(f"{server.address}/#/review/hotel")
    await sign_in(tab, "monday")
    await tab.until("document.querySelector('.ticket h1')")
    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    await replace(tab, "In Munich the limit is 160 euros.")
    await tab.until("document.querySelector('.checking .badge')?.innerText.includes('Supported')")

    server.tokens = {"tuesday": "ann"}
    await tab.press("Enter", CTRL)
    assert "has expired" in " ".join(await texts_of_dialog(tab))
    await sign_in(tab, "tuesday")
    assert "Nothing was sent" in await text(tab, ".problem:not(:empty)")
    assert await tab.evaluate("document.querySelector('.panel textarea').value") == "In Munich the limit is 160 euros."
    await tab.evaluate("document.querySelector('.panel textarea').focus()")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Edited by ann')")


async def test_nothing_is_decided_in_the_name_of_somebody_else(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"monday": "ann"}
    await tab.open(f"{server.address}/#/review/hotel")
    await sign_in(tab, "monday")
    await tab.until("document.querySelector('.ticket h1')")
    await tab.press("a")
    await tab.until("document.querySelector('.panel form')")

    server.tokens = {"another": "ben"}
    await tab.press("Enter")
    await sign_in(tab, "another")
    await tab.until("document.querySelector('#who .name').innerText === 'ben · acme'")
    assert len(sent(server, "ApproveReview")) == 1
    assert server.reviews["hotel"]["state"] == "STATE_CLAIMED"
    assert not await tab.evaluate("Object.keys(sessionStorage).some(key => key.includes('draft'))")


async def test_names_are_enough_where_no_proof_is_asked_for(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")
    assert await text(tab, "#who .name") == "anonymous · acme"

    await tab.evaluate("document.querySelector('#who button').click()")
    await tab.until("document.querySelector('dialog[open] [name=subject]')")
    await tab.type("cleo")
    await tab.press("Enter")
    await tab.until("document.querySelector('#who .name').innerText === 'cleo · acme'")
    await tab.until("document.querySelector('.ticket h1')")
    await tab.press("c")
    await tab.until("document.querySelector('.lease')?.innerText.startsWith('Yours for')")
    assert server.reviews["hotel"]["reviewer"] == "cleo"


async def test_a_view_is_shown_to_those_who_may_use_it(server: ReviewingServer, tab: Tab) -> None:
    server.roles = ["ROLE_READER"]
    await tab.open(server.address)
    await tab.until("document.querySelector('#views a')")
    assert await texts(tab, "#views a") == ["Ask"]

    server.roles = ["ROLE_WRITER"]
    await tab.call("Page.reload")
    assert "no role that this page needs" in await text(tab, "main .empty p")


async def texts_of_dialog(tab: Tab) -> list[str]:
    """Return the paragraphs of the dialog, once it is open."""
    await tab.until(FIELD)
    return await texts(tab, "dialog[open] p")
