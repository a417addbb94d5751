"""Reviewing on the page, with the keyboard alone."""

from tests.chromium import Browser, Tab
from tests.page.contents import HOSTILE
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import CTRL, IN_A_BROWSER, SHIFT, open_queue, open_ticket, replace, sent, text, texts

pytestmark = IN_A_BROWSER


async def test_a_review_is_approved_with_the_keyboard_alone(server: ReviewingServer, tab: Tab) -> None:
    await open_queue(tab, server)

    for key in ("j", "j", "k", "Enter"):
        await tab.press(key)
    assert await text(tab, ".ticket h1") == "How much may a hotel in Munich cost?"
    await tab.press("a")
    await tab.until("document.activeElement.innerText?.startsWith('Approve')")
    assert "One sentence falls short: the caller is told to read it with caution." in await text(tab, ".panel .quiet")
    await tab.press("Enter")
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Approved by anonymous')")

    assert server.reviews["hotel"]["state"] == "STATE_APPROVED"
    assert sent(server, "ApproveReview")[0]["etag"] == "2"
    await tab.until("![...document.querySelectorAll('.ticket-row')].some(row => row.dataset.ticket === 'hotel')")
    assert await text(tab, ".queue .quiet") == "5 open"


async def test_a_sentence_stands_beside_the_words_that_contradict_it(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")

    assert await texts(tab, ".pair:first-child .badge") == ["✕\nContradicted"]
    assert await texts(tab, ".pair:first-child .said mark") == ["180 euros"]
    assert await texts(tab, ".pair:first-child .rests mark.against") == ["160 euros"]
    assert "passage 1 (Travel policy) says 160 euros." in await text(tab, ".pair:first-child .conflicts")
    assert "One passage is withheld" in await text(tab, ".banner.caution")
    await tab.evaluate("document.querySelector('.ticket details').open = true")
    assert "Passage 2 is withheld" in (await texts(tab, ".passage.withheld"))[0]


async def test_an_edit_is_checked_as_one_pauses_and_leaves(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")

    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    await tab.until("document.querySelector('.checking .badge')?.innerText.includes('Not supported')")
    await replace(tab, "In Munich the limit is 160 euros.")
    await tab.until("document.querySelector('.checking .badge')?.innerText.includes('Supported')")
    assert await text(tab, ".checking [role=status]") == "Every sentence may leave."
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Edited by')")

    assert server.reviews["hotel"]["decided"]["text"] == "In Munich the limit is 160 euros."
    assert not await tab.evaluate("Object.keys(sessionStorage).some(key => key.includes('draft'))")


async def test_a_text_that_falls_short_leaves_only_when_that_is_accepted(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")
    await tab.press("e")
    await tab.until("document.querySelector('.checking .badge')")

    await tab.press("Enter", CTRL)
    assert "not supported well enough to leave" in await text(tab, ".problem:not(:empty)")
    assert server.reviews["hotel"]["state"] == "STATE_CLAIMED"
    await tab.evaluate("document.querySelector('.checking input[type=checkbox]').click()")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Edited by')")
    assert sent(server, "EditReview")[-1]["acceptUnsupported"] is True


async def test_a_rejection_says_what_is_wrong(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")

    await tab.press("c")
    await tab.until("document.querySelector('.pair .check input')")
    await tab.evaluate("document.querySelector('.pair .check input').click()")
    await tab.press("x")
    await tab.until("document.activeElement.value === 'INCORRECT'")
    await tab.press(" ")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Rejected by')")

    (request,) = sent(server, "RejectReview")
    assert (request["faults"], request["wrongSentences"]) == (["ANSWER_FAULT_INCORRECT"], [0])


async def test_a_blind_sample_says_why_no_verdict_is_shown(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "sample")

    assert await texts(tab, ".ticket .badge") == []
    assert "blind sample" in " ".join(await texts(tab, ".ticket .banner"))
    assert "It is right" in " ".join(await texts(tab, ".actions button"))


async def test_a_block_can_be_called_a_mistake(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "block")

    await tab.press("e")
    await tab.press("x")
    await tab.until("document.querySelector('.panel textarea')")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Rejected by')")
    assert sent(server, "EditReview") == []


async def test_two_browsers_do_not_decide_one_review_twice(server: ReviewingServer, tab: Tab, browser: Browser) -> None:
    server.tokens = {"a": "ann", "b": "ben"}
    async with browser.tab() as other:
        for opened, token in ((tab, "a"), (other, "b")):
            await opened.open(f"{server.address}/#/review/hotel")
            await opened.until("document.querySelector('dialog[open] [name=secret]')")
            await opened.type(token)
            await opened.press("Enter")
            await opened.until("document.querySelector('.ticket h1')")
        await tab.press("c")
        await other.until("document.querySelector('.ticket-row .tag')?.innerText === 'Claimed by ann'")

        await other.press("a")
        await other.until("document.querySelector('.problem:not(:empty)')")
        assert "Another reviewer holds this review" in await text(other, ".problem:not(:empty)")
        assert "Claimed by ann" in await text(other, ".actions")

        await tab.press("a")
        await tab.until("document.querySelector('.panel form')")
        await tab.press("Enter")
        await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Approved by ann')")
        await other.press("c")
        await other.until("document.querySelector('.ticket h2')?.innerText.startsWith('Approved by ann')")
    assert len(sent(server, "ApproveReview")) == 1


async def test_a_review_that_changed_meanwhile_is_shown_before_it_is_decided(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")
    await tab.press("a")
    await tab.until("document.querySelector('.panel form')")
    server.change("hotel", cause="CAUSE_NOT_VERIFIED")

    await tab.press("Enter")
    await tab.until("document.querySelector('.problem:not(:empty)')")
    assert "has changed since you read it" in await text(tab, ".problem:not(:empty)")
    assert "requires every sentence to be verified" in await text(tab, ".ticket .banner")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Approved by')")


async def test_a_draft_outlives_a_reload_and_a_lapsed_claim(server: ReviewingServer, tab: Tab) -> None:
    server.lease = 1.2
    await open_ticket(tab, server, "hotel")
    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    await replace(tab, "It is 160 euros.")
    await tab.until("document.querySelector('.problem:not(:empty)')?.innerText.includes('lapsed') || null")
    assert await tab.evaluate("document.querySelector('.panel textarea').value") == "It is 160 euros."

    server.lease = 900
    await tab.call("Page.reload")
    await tab.until("document.querySelector('.ticket h1')")
    await tab.press("e")
    await tab.until("document.querySelector('.panel textarea')?.value === 'It is 160 euros.'")


async def test_a_role_that_was_withdrawn_is_explained_and_nothing_is_lost(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")
    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    await replace(tab, "It is 160 euros.")
    server.roles = ["ROLE_READER"]

    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.problem:not(:empty)')")
    assert "You need the role “reviewer”" in await text(tab, ".problem:not(:empty)")
    assert await tab.evaluate("document.querySelector('.panel textarea').value") == "It is 160 euros."


async def test_an_empty_edit_is_not_sent(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "nodraft")
    await tab.press("e")
    await tab.until("document.activeElement.tagName === 'TEXTAREA'")
    assert "an empty one cannot leave" in await text(tab, ".checking [role=status]")
    await tab.press("Enter", CTRL)
    assert sent(server, "EditReview") == []


async def test_hostile_texts_stay_texts(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hostile")
    await tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    await tab.press("c")
    await tab.until("document.querySelector('.pair .check input')")

    assert await text(tab, ".ticket h1") == HOSTILE
    assert await tab.evaluate("document.title") == "Review · groundwire"
    assert await tab.evaluate("document.querySelectorAll('main img, main script, main [onerror]').length") == 0
    hrefs = await tab.evaluate("[...document.querySelectorAll('a')].map(each => each.href)")
    assert [href for href in hrefs if not href.startswith("http")] == []
    assert tab.complaints == []


async def test_the_queue_follows_what_others_do(server: ReviewingServer, tab: Tab) -> None:
    await open_queue(tab, server)
    await tab.until("document.querySelector('.live')?.dataset.standing === 'live'")

    server.change("train", state="STATE_CLAIMED", reviewer="ben")
    await tab.until("document.querySelector('[data-ticket=train] .tag').innerText === 'Claimed by ben'")
    server.change("train", state="STATE_REJECTED")
    await tab.until("!document.querySelector('[data-ticket=train]')")


async def test_the_queue_is_read_again_where_it_cannot_be_watched(server: ReviewingServer, tab: Tab) -> None:
    server.watched = False
    await open_queue(tab, server)

    await tab.until("document.querySelector('.live').dataset.standing === 'polling'")
    assert (await text(tab, ".live")).startswith("Read at ")


async def test_typing_prolongs_a_claim(server: ReviewingServer, tab: Tab) -> None:
    server.lease = 300
    await open_ticket(tab, server, "hotel")
    await tab.press("x")
    await tab.until("document.querySelector('.panel textarea')")
    server.lease = 900

    await tab.evaluate("document.querySelector('.panel textarea').focus()")
    await tab.type("It is out of date.")
    await tab.until("/Yours for 1[45] min/.test(document.querySelector('.lease').innerText)")
    await tab.press("Enter", CTRL)
    await tab.until("document.querySelector('.ticket h2')?.innerText.startsWith('Rejected by')")
    assert (len(sent(server, "ClaimReview")), server.reviews["hotel"]["note"]) == (2, "It is out of date.")


async def test_what_the_caller_knows_of_the_question_stands_above_it(server: ReviewingServer, tab: Tab) -> None:
    question = {**server.reviews["hotel"]["question"], "context": {"plan": "pro", "region": "<b>eu</b>"}}
    server.reviews["hotel"]["question"] = question
    await open_ticket(tab, server, "hotel")
    assert await text(tab, ".ticket-head summary") == "Known about the question (2)"
    await tab.evaluate("document.querySelector('.ticket-head details').open = true")
    assert await texts(tab, ".ticket-head details p") == ["plan: pro", "region: <b>eu</b>"]


async def test_ten_thousand_open_reviews_are_listed(server: ReviewingServer, tab: Tab) -> None:
    first = server.reviews["hotel"]
    for number in range(10_000):
        ticket = f"more-{number:05}"
        server.reviews[ticket] = {**first, "ticket": ticket, "question": {"text": f"Question {number}?"}}
    await open_queue(tab, server)

    await tab.until("document.querySelector('.live').dataset.standing === 'live'")
    assert await text(tab, ".queue .quiet") == "10006 open"
    assert len(await texts(tab, ".ticket-row")) <= 200
    server.change("train", state="STATE_REJECTED")
    await tab.until("!document.querySelector('[data-ticket=train]')")


async def test_unknown_tickets_and_single_keys_that_are_off(server: ReviewingServer, tab: Tab) -> None:
    await tab.open(f"{server.address}/#/review/gone")
    assert "There is no such review" in await text(tab, ".ticket .problem")

    await open_ticket(tab, server, "hotel")
    await tab.press("?", SHIFT)
    await tab.until("document.querySelector('#help[open]')")
    await tab.evaluate("document.querySelector('#help input').click()")
    await tab.press("Escape")
    await tab.until("!document.querySelector('#help[open]')")
    await tab.press("c")
    assert sent(server, "ClaimReview") == []


async def test_operators_see_the_trail_and_others_do_not(server: ReviewingServer, tab: Tab) -> None:
    await open_ticket(tab, server, "hotel")
    await tab.evaluate(
        "[...document.querySelectorAll('summary')].find(each => each.innerText === 'Audit trail').click()"
    )
    await tab.until("document.querySelector('.ticket details td')")
    assert "the service" in await texts(tab, ".ticket details td")

    server.roles = ["ROLE_REVIEWER"]
    await open_ticket(tab, server, "train")
    await tab.call("Page.reload")
    await tab.until("document.querySelectorAll('#views a').length === 1")
    await tab.until("document.querySelector('.ticket h1')")
    assert "Audit trail" not in await texts(tab, "summary")
