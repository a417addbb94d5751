"""An answer on the page while it is written, and one that comes later."""

import json
from typing import Any

from tests.chromium import Tab
from tests.page.contents import DRAFT, HOSTILE, HOTELS, draft, passage
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import CTRL, IN_A_BROWSER, sent, text, texts

pytestmark = IN_A_BROWSER

REPORT = {
    "requestId": "83c760a5c8a1036359",
    "traceId": "42bd5082bc282f0042ed4ac914d54421",
    "route": "default",
    "total": "1.5s",
    "stages": [
        {"stage": "STAGE_RETRIEVE", "start": "0s", "duration": "0.5s", "budget": "2s"},
        {"stage": "STAGE_GENERATE", "start": "0.5s", "duration": "0.2s", "budget": "4s", "attempt": 1},
        {
            "stage": "STAGE_GENERATE",
            "start": "0.7s",
            "duration": "0.8s",
            "budget": "3s",
            "attempt": 2,
            "cause": "CAUSE_MODEL_TIMEOUT",
        },
    ],
    "usage": [
        {
            "model": "large",
            "purpose": "PURPOSE_ANSWER",
            "inputTokens": 1200,
            "outputTokens": 80,
            "costMicros": "4200",
            "currency": "USD",
        }
    ],
}
ANSWERED: dict[str, Any] = {
    "answered": {"answer": draft()},
    "cause": "CAUSE_ANSWER_VALIDATED",
    "action": "ACTION_ANSWER",
    "nextStep": "NEXT_STEP_SHOW",
    "weakestVerdict": "VERDICT_CONTRADICTED",
    "report": REPORT,
}
FOUND: dict[str, Any] = {"evidence": {"passages": [passage("c1", "Travel policy", HOTELS)]}}


def delta(words: str, assurance: str = "CHECKED") -> dict[str, Any]:
    """Return a piece of text."""
    return {"textDelta": {"text": words, "assurance": f"ASSURANCE_{assurance}"}}


async def ask(tab: Tab, server: ReviewingServer, *events: dict[str, Any] | None) -> None:
    """Ask a question that is answered by these events."""
    server.answer = list(events)
    await tab.resize(1280, 900)
    await tab.open(server.address)
    await tab.until("document.querySelector('.choice select')")
    await tab.press("/")
    await tab.type("How much may a hotel in Munich cost?")
    await tab.press("Enter", CTRL)


async def test_sentences_appear_as_they_leave_and_end_with_their_verdicts(server: ReviewingServer, tab: Tab) -> None:
    await ask(tab, server, FOUND, delta("The limit "), delta("for hotels"), None, {"outcome": ANSWERED})
    await tab.until("document.querySelector('.running')?.innerText === 'The limit for hotels'")
    assert await texts(tab, ".evidence strong") == ["Travel policy"]

    server.goes_on.set()
    await tab.until("document.querySelector('.outcome')")
    assert await texts(tab, ".prose .badge") == ["✕\nContradicted", "❝\nQuoted"]
    assert "Contradicted" in await text(tab, ".assessment")
    await tab.evaluate("document.querySelector('.prose .cite').click()")
    assert await texts(tab, ".evidence .open mark") == ["In Munich and Hamburg the limit is 160 euros."]
    await tab.press("Escape")
    assert await tab.evaluate("document.activeElement.classList.contains('cite')")


async def test_what_is_taken_back_is_struck_out(server: ReviewingServer, tab: Tab) -> None:
    back = {"retraction": {"fromSequence": 2, "cause": "CAUSE_CONTRADICTED"}}
    await ask(
        tab, server, FOUND, delta("It is 500 euros.", "PROVISIONAL"), back, delta(DRAFT), None, {"outcome": ANSWERED}
    )

    await tab.until("document.querySelector('.running del')")
    assert "It is 500 euros." in await text(tab, ".running del")
    assert "contradict a sentence" in await text(tab, ".progress")
    server.goes_on.set()
    await tab.until("document.querySelector('.outcome del')")


async def test_an_answer_can_be_cancelled(server: ReviewingServer, tab: Tab) -> None:
    await ask(tab, server, FOUND, delta("The limit "), None)
    await tab.until("document.querySelector('.running')?.innerText.trim() === 'The limit'")

    await tab.evaluate("document.activeElement.blur()")
    await tab.press("Escape")
    assert await tab.until("document.querySelector('.progress').innerText") == "You cancelled the answer."
    await server.left.wait()
    assert not await tab.evaluate("document.querySelector('.composer .primary').disabled")


async def test_the_waterfall_says_where_the_time_went(server: ReviewingServer, tab: Tab) -> None:
    await ask(tab, server, FOUND, {"outcome": ANSWERED})
    await tab.until("document.querySelector('.waterfall')")
    await tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    rows = await texts(tab, ".waterfall tbody tr")
    assert [row.split("\t")[0] for row in rows] == [
        "retrieve",
        "generate 1",
        "generate 2",
        "✕ generate 2: the model did not finish in time",
    ]
    boxes = await tab.evaluate(
        "[...document.querySelectorAll('.bar')].map(each => [each.style.getPropertyValue('--from'), "
        "each.style.getPropertyValue('--length')].map(parseFloat).map(Math.round))"
    )
    assert boxes == [[0, 33], [33, 13], [47, 53]]
    assert "0.0042 USD" in await text(tab, ".trace .plain")
    assert REPORT["traceId"] in await texts(tab, ".facts code")


async def test_a_question_may_have_values_and_an_end_user(server: ReviewingServer, tab: Tab) -> None:
    server.answer = [FOUND, {"outcome": {**ANSWERED, "report": {**REPORT, "experimentArm": "tone/a,search/b"}}}]
    await tab.open(server.address)
    await tab.until("document.querySelector('.choice select')")
    await tab.press("/")
    await tab.type("How much may a hotel in Munich cost?")
    await fill_known(tab, "plan = pro\nRegion = eu", "visitor-1")
    await tab.press("Enter", CTRL)
    assert "Line 2 of the context" in await text(tab, ".progress")
    assert await tab.evaluate("document.querySelector('.composer details').open")
    assert sent(server, "StreamAnswer") == []

    await fill_known(tab, "plan = pro\n\nregion=a = b", "visitor-1")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.feedback')")
    (request,) = sent(server, "StreamAnswer")
    assert request["question"] == {
        "route": "default",
        "text": "How much may a hotel in Munich cost?",
        "context": {"plan": "pro", "region": "a = b"},
        "endUserId": "visitor-1",
    }
    await tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert "tone/a, search/b" in await texts(tab, ".facts dd")

    await fill_known(tab, "", "visitor-2")
    await tab.evaluate("document.querySelector('.feedback button').click()")
    await tab.until("document.querySelector('.feedback').innerText.includes('Thank')")
    assert sent(server, "SubmitFeedback")[0]["endUserId"] == "visitor-1"


async def fill_known(tab: Tab, values: str, user: str) -> None:
    """Write the context and the end user, and leave the focus in the context."""
    await tab.evaluate(
        f"[document.querySelector('.composer details').open = true, "
        f"document.querySelector('.composer details input').value = {json.dumps(user)}, "
        f"document.querySelector('.composer details textarea').value = {json.dumps(values)}, "
        "document.querySelector('.composer details textarea').focus()].length"
    )


async def test_feedback_says_what_is_wrong(server: ReviewingServer, tab: Tab) -> None:
    await ask(tab, server, FOUND, {"outcome": ANSWERED})
    await tab.until("document.querySelector('.feedback')")

    await tab.evaluate("document.querySelectorAll('.feedback button')[1].click()")
    await tab.until("document.activeElement.value === 'INCORRECT'")
    await tab.press(" ")
    await tab.evaluate("document.querySelector('.feedback textarea').focus()")
    await tab.type("It is 160 euros.")
    await tab.evaluate("document.querySelector('.feedback form').requestSubmit()")
    assert "Thank you" in await tab.until(
        "[...document.querySelectorAll('.feedback')].map(e => e.innerText).find(t => t.includes('Thank'))"
    )
    (request,) = sent(server, "SubmitFeedback")
    assert request["requestId"] == REPORT["requestId"]
    assert (request["rating"], request["faults"]) == ("RATING_DOWN", ["ANSWER_FAULT_INCORRECT"])
    assert request["correction"] == "It is 160 euros."


async def test_an_answer_in_review_is_followed_until_it_is_there(server: ReviewingServer, tab: Tab) -> None:
    waits = {
        "inReview": {"ticket": "hotel", "operation": f"operations/{'5b1e' * 8}"},
        "cause": "CAUSE_REVIEW_REQUIRED",
        "action": "ACTION_REVIEW",
        "nextStep": "NEXT_STEP_WAIT_FOR_REVIEW",
    }
    server.operation = {"metadata": {"state": "STATE_IN_REVIEW"}, "response": {"outcome": ANSWERED}}
    await ask(tab, server, FOUND, {"outcome": waits})

    await tab.until("document.querySelector('.card.waiting')?.innerText.includes('A reviewer looks at it.')")
    assert "A person looks at the answer first" in await text(tab, ".banner h3")
    assert not await tab.evaluate("document.querySelector('.composer .primary').disabled")
    server.goes_on.set()
    await tab.until("document.querySelectorAll('.prose .badge').length === 2")
    assert await tab.evaluate("document.querySelector('.card.waiting')") is None


async def test_an_answer_that_is_waited_for_outlives_a_reload(server: ReviewingServer, tab: Tab) -> None:
    waits = {"queued": {"operation": f"operations/{'5b1e' * 8}"}, "nextStep": "NEXT_STEP_WAIT_FOR_OPERATION"}
    server.operation = {"metadata": {"state": "STATE_QUEUED", "position": 3}, "response": {"outcome": ANSWERED}}
    await ask(tab, server, {"outcome": waits})
    await tab.until("document.querySelector('.card.waiting')?.innerText.includes('Questions ahead: 3')")

    await tab.call("Page.reload")
    await tab.until("document.querySelector('.card.waiting .asked')?.innerText.startsWith('How much')")
    server.goes_on.set()
    await tab.until("document.querySelector('.card.waiting .primary')")
    await tab.evaluate("document.querySelector('.card.waiting .primary').click()")
    await tab.until("document.querySelectorAll('.prose .badge').length === 2")
    # Who writes is kept, so that nobody else sees the drafts; what was waited for is not.
    assert await tab.evaluate("Object.keys(sessionStorage)") == ["groundwire.writer"]


async def test_hostile_answers_stay_texts(server: ReviewingServer, tab: Tab) -> None:
    hostile = passage("c1", HOSTILE, HOSTILE) | {"sourceUri": "javascript:document.title='owned'"}
    whole = {"endUtf16Unit": len(HOSTILE)}
    answer = {
        "text": HOSTILE,
        "sentences": [{"span": whole, "verdict": "VERDICT_NEW", "citationIndexes": [0]}],
        "citations": [{"chunkId": "c1", "title": HOSTILE, "quote": HOSTILE}],
    }
    outcome = {
        "degraded": {"answer": answer, "losses": ["LOSS_NEW"]},
        "cause": HOSTILE,
        "report": {**REPORT, "model": HOSTILE},
    }
    await ask(tab, server, {"evidence": {"passages": [hostile]}}, delta(HOSTILE), {"outcome": outcome})

    await tab.until("document.querySelector('.outcome .badge')")
    await tab.evaluate("document.querySelector('.cite').click()")
    assert HOSTILE in await text(tab, ".outcome .prose")
    assert (await texts(tab, ".prose .badge"))[0].endswith("Not supported")
    assert await tab.evaluate("document.querySelectorAll('main img, main script, main [onerror]').length") == 0
    assert await tab.evaluate("document.title") == "Ask · groundwire"
    assert tab.complaints == []


async def test_a_lost_connection_says_what_to_do_and_keeps_the_question(server: ReviewingServer, tab: Tab) -> None:
    await ask(tab, server, FOUND, delta("The limit "), None)
    await tab.until("document.querySelector('.running')?.innerText.trim() === 'The limit'")

    await tab.call(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
    )
    await tab.evaluate("document.querySelector('.composer [type=button]').click()")
    await tab.until("!document.querySelector('.composer .primary').disabled")
    await tab.evaluate("document.querySelector('.composer form, form.composer').requestSubmit()")
    assert "Check your connection" in await text(tab, ".message.failed")
    assert await tab.evaluate("document.querySelector('#question').value") == "How much may a hotel in Munich cost?"
