"""What others write, and what a browser is kept from, change nothing but the words that are shown."""

import json

import pytest

from tests.chromium import Tab
from tests.page.contents import HOSTILE, moment, review, span
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import IN_A_BROWSER, open_queue, open_ticket, text
from tests.page.test_signing_in import sign_in
from tests.page.test_streaming import ANSWERED, ask

pytestmark = IN_A_BROWSER

RIGHT_TO_LEFT = "\u202e"
LONG = "w" * 4000

ATTEMPTS = {
    "markup": f"document.body.innerHTML = {json.dumps(HOSTILE)}",
    "eval": "eval('document.title = `owned`')",
    "function": "new Function('document.title = `owned`')()",
    "inline script": "add('script', {text: 'document.title = `owned`'})",
    "address of a script": "location.href = 'javascript:void(document.title = `owned`)'",
    "image elsewhere": "add('img', {src: 'http://127.0.0.1:9/'})",
    "call elsewhere": "await fetch('http://localhost:9/', {mode: 'no-cors'})",
    "form": "add('form', {action: '/x'}).submit()",
    "base": "add('base', {href: 'http://localhost:9/'})",
    "worker": "new Worker(URL.createObjectURL(new Blob(['1'])))",
    "frame": "add('iframe', {src: '/'})",
}
PREPARE = """
window.broken = [];
document.addEventListener('securitypolicyviolation', each => broken.push(each.effectiveDirective));
window.add = (name, values) => {
  const element = Object.assign(document.createElement(name), values);
  document.body.append(element);
  return element;
};
"""


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_the_policy_holds_in_the_browser(server: ReviewingServer, tab: Tab, attempt: str) -> None:
    await open_queue(tab, server)
    await tab.evaluate(PREPARE)
    attempted = f"(async () => {{ try {{ {ATTEMPTS[attempt]} }} catch {{}} }})()"
    await tab.call("Runtime.evaluate", expression=attempted, allowUnsafeEvalBlockedByCSP=False)
    assert await tab.until("window.broken.length")
    assert await tab.evaluate("document.title") == "Review · groundwire"
    assert await tab.evaluate("document.baseURI.startsWith(location.origin)")


async def test_words_in_another_direction_leave_the_verdict_alone(server: ReviewingServer, tab: Tab) -> None:
    said = f"{RIGHT_TO_LEFT}The limit is 180 \U0001f3e8 euros."
    sentence = {"span": span(said, said), "verdict": "VERDICT_CONTRADICTED", "citationIndexes": []}
    turned = {"answered": {"answer": {"text": said, "sentences": [sentence]}}}
    await ask(tab, server, {"outcome": {**ANSWERED, **turned}})
    words = "document.querySelector('.sentence').firstElementChild"
    await tab.until("document.querySelector('.prose .badge')")
    assert await tab.evaluate(f"{words}.innerText") == said
    # What follows stays where it follows.
    verdict = "document.querySelector('.prose .badge').getBoundingClientRect().left"
    assert await tab.evaluate(f"{words}.getBoundingClientRect().right <= {verdict}")


@pytest.mark.parametrize("width", [320, 640])
async def test_a_word_without_an_end_stays_in_the_window(server: ReviewingServer, tab: Tab, width: int) -> None:
    proposed = {"text": LONG, "sentences": [{"span": span(LONG, LONG), "verdict": "VERDICT_UNSUPPORTED"}]}
    passages = [{"chunkId": "c1", "title": LONG, "text": LONG, "place": {"section": [LONG]}, "flags": [LONG]}]
    server.reviews["long"] = review(
        "long", LONG, proposed=proposed, passages=passages, route=LONG[:60], reviewer=LONG[:256]
    )
    await open_ticket(tab, server, "long")
    await tab.resize(width, 700)
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await tab.evaluate("location.hash = '#/review'")
    await tab.until("document.querySelector('.ticket-row')")
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("place", ["%", "review/%E0%A4%A", "review/..%2f..%2fhealthz", "nothing/at/all"])
async def test_an_address_that_cannot_be_read_is_no_empty_page(server: ReviewingServer, tab: Tab, place: str) -> None:
    await tab.open(f"{server.address}/#/{place}")
    await tab.until("document.querySelector('main h1, main .problem, main form')")


async def test_scripts_that_do_not_run_are_told(server: ReviewingServer, tab: Tab) -> None:
    await tab.call("Network.enable")
    await tab.call("Network.setBlockedURLs", urls=["*/lib/dom.js"])
    await tab.open(server.address)
    await tab.until("getComputedStyle(document.querySelector('.starting')).visibility === 'visible'")
    assert "allow JavaScript modules here" in await text(tab, "main")


async def test_what_one_user_typed_is_not_there_for_the_next(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"monday": "ann", "another": "ben"}
    await tab.open(f"{server.address}/#/review/hotel")
    await tab.until("document.querySelector('dialog[open] [type=checkbox]')")
    await tab.evaluate("document.querySelector('dialog[open] [type=checkbox]').checked = false")
    await sign_in(tab, "monday")
    await tab.until("document.querySelector('.ticket h1')")
    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    await tab.type("private")
    await tab.until("Object.keys(sessionStorage).some(key => key.includes('draft'))")

    await tab.call("Page.reload")
    await sign_in(tab, "another")
    await tab.until("document.querySelector('#who .name')?.innerText === 'ben · acme'")
    assert "private" not in await tab.evaluate("JSON.stringify({...sessionStorage})")


async def test_a_name_that_no_header_carries_is_told(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"right": "ann"}
    await tab.open(server.address)
    await sign_in(tab, "Łukasz")
    assert "ASCII" in await text(tab, "dialog[open] .problem:not(:empty)")


async def test_a_token_that_expires_while_the_queue_is_watched_is_asked_for(server: ReviewingServer, tab: Tab) -> None:
    server.tokens = {"monday": "ann"}
    await tab.open(f"{server.address}/#/review")
    await sign_in(tab, "monday")
    await tab.until("document.querySelector('.live')?.innerText === 'Live'")
    server.tokens = {"tuesday": "ann"}
    server.expire()
    await sign_in(tab, "tuesday")
    server.reviews["later"] = review("later", "Asked later?", createTime=moment(-1))
    await tab.until("document.querySelector('.live').innerText === 'Live'")
    await tab.until(
        "[...document.querySelectorAll('.ticket-row')].some(each => each.innerText.includes('Asked later?'))"
    )
