"""Telling ticketing systems of reviews: who is told, and what."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from groundwire_server.domain.review import (
    Review,
    ReviewDecision,
    ReviewKind,
    ReviewReason,
    ReviewState,
    ReviewTrigger,
    ReviewVerdict,
)
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options.secret import Secret
from groundwire_server.ports.outbox import OutboxEntry, OutboxKind
from groundwire_server.ports.reviews import OpenedReview
from groundwire_server.review.notice_options import ReviewWebhookOptions, ReviewWebhooksOptions
from groundwire_server.review.notices import ReviewWebhooks
from tests.doubles.cases import ASKED, TRACE, answered_case, grounded
from tests.doubles.clock import SetClock

TICKET = "7f3a09c2" * 4
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REVIEW = Review(
    "acme",
    TICKET,
    ReviewKind.APPROVAL,
    ReviewState.PENDING,
    ReviewReason(Cause.REVIEW_REQUIRED, ReviewTrigger.ALWAYS),
    "compliance",
    "ann",
    "request-1",
    TRACE,
    ASKED,
    ASKED + timedelta(days=1),
    operation_id="5b1e" * 8,
)
PRIVATE = ("When does the desk open?", "It opens at six.", "The front desk", "At seven.")


@dataclass
class KeptReviews:
    """Has one review at most."""

    found: OpenedReview | None

    async def get(self, tenant: str, ticket: str) -> OpenedReview | None:
        held = self.found
        return held if held and (held.review.tenant, held.review.ticket) == (tenant, ticket) else None


@dataclass
class KeptPosts:
    """Keeps what was posted."""

    posts: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self.posts.append((url, headers, body))


def webhook(**changed: Any) -> ReviewWebhookOptions:
    given = {
        "url": "https://tickets.example.com/groundwire",
        "secret": Secret("env://TICKETS", SECRET),
        "tenants": ("acme",),
    }
    return ReviewWebhookOptions.model_validate(given | changed)


class Telling:
    """Ticketing systems with all that they hang on."""

    def __init__(self, found: OpenedReview | None, **webhooks: ReviewWebhookOptions) -> None:
        self.sent = KeptPosts()
        self.clock = SetClock()
        options = ReviewWebhooksOptions(webhooks=webhooks or {"jira": webhook()}, attempts=3)
        records: Any = KeptReviews(found)
        self.notices = ReviewWebhooks(options, records, self.sent, self.clock, lambda attempt: 5.0 * attempt)

    async def told(self, entry: OutboxEntry) -> dict[str, Any]:
        assert await self.notices.post(entry)
        body: dict[str, Any] = json.loads(self.sent.posts[-1][2])
        return body


def entry(kind: OutboxKind = OutboxKind.REVIEW_OPENED, tenant: str = "acme", receiver: str = "jira") -> OutboxEntry:
    return OutboxEntry(1, kind, TICKET, tenant, 1, receiver)


async def test_a_post_says_what_has_become_of_a_review_without_its_texts() -> None:
    telling = Telling(OpenedReview(REVIEW, answered_case()))
    body = await telling.told(entry())
    assert (body["type"], body["timestamp"]) == ("review.opened", ASKED.isoformat())
    assert body["data"] == {
        "ticket": TICKET,
        "kind": "APPROVAL",
        "state": "PENDING",
        "route": "compliance",
        "cause": "REVIEW_REQUIRED",
        "trigger": "ALWAYS",
        "request_id": "request-1",
        "trace_id": TRACE,
        "operation": f"operations/{'5b1e' * 8}",
        "create_time": ASKED.isoformat(),
        "expire_time": (ASKED + timedelta(days=1)).isoformat(),
    }
    url, headers, sent = telling.sent.posts[0]
    assert (url, headers["webhook-id"]) == ("https://tickets.example.com/groundwire", f"msg_{TICKET}_opened")
    assert not any(text in sent.decode() for text in PRIVATE)
    assert headers["webhook-timestamp"] == str(int(telling.clock.stamp))
    signature = Webhook(SECRET).sign(headers["webhook-id"], telling.clock.today(), sent.decode())
    assert headers["webhook-signature"] == signature


async def test_texts_are_sent_where_the_operator_says_so_and_evidence_never() -> None:
    edited = ReviewVerdict(ReviewDecision.EDITED, grounded("At seven."))
    review = replace(REVIEW, state=ReviewState.EDITED, reviewer="rob", decided=ASKED + timedelta(hours=1))
    telling = Telling(OpenedReview(review, answered_case(), edited), jira=webhook(include_texts=True))
    body = await telling.told(entry(OutboxKind.REVIEW_DECIDED))
    assert body["timestamp"] == (ASKED + timedelta(hours=1)).isoformat()
    texts = {name: body["data"][name] for name in ("question", "draft", "text", "reviewer", "state")}
    assert texts == {
        "question": "When does the desk open?",
        "draft": "It opens at six.",
        "text": "At seven.",
        "reviewer": "rob",
        "state": "EDITED",
    }
    assert "The front desk" not in json.dumps(body)


async def test_an_approved_draft_is_the_text_that_left() -> None:
    approved = OpenedReview(replace(REVIEW, state=ReviewState.APPROVED), answered_case())
    telling = Telling(approved, jira=webhook(include_texts=True))
    assert (await telling.told(entry(OutboxKind.REVIEW_DECIDED)))["data"]["text"] == "It opens at six."


async def test_a_sample_that_waits_does_not_say_what_led_to_it() -> None:
    sample = replace(REVIEW, kind=ReviewKind.SAMPLE, operation_id="")
    telling = Telling(OpenedReview(sample, answered_case()))
    data = (await telling.told(entry()))["data"]
    assert "cause" not in data
    assert "operation" not in data


async def test_erased_texts_are_not_missed() -> None:
    gone = OpenedReview(replace(REVIEW, state=ReviewState.WITHDRAWN), None)
    telling = Telling(gone, jira=webhook(include_texts=True))
    assert "question" not in (await telling.told(entry(OutboxKind.REVIEW_WITHDRAWN)))["data"]


def test_those_are_told_that_are_configured_for_the_tenant_and_the_event() -> None:
    telling = Telling(
        None,
        every=webhook(tenants=("acme", "demo")),
        ends=webhook(events=("decided", "expired")),
        others=webhook(tenants=("demo",)),
    )
    assert telling.notices.receivers(entry()) == ["every"]
    assert telling.notices.receivers(entry(OutboxKind.REVIEW_DECIDED)) == ["every", "ends"]
    assert telling.notices.receivers(entry(tenant="demo")) == ["every", "others"]
    assert telling.notices.receivers(entry(tenant="elsewhere")) == []


@pytest.mark.parametrize(
    "told", [entry(receiver="gone"), entry(tenant="demo"), replace(entry(), operation_id="0" * 32)]
)
async def test_what_cannot_be_told_any_more_is_not_posted(told: OutboxEntry) -> None:
    telling = Telling(OpenedReview(REVIEW, answered_case()))
    assert not await telling.notices.post(told)
    assert telling.sent.posts == []


def test_attempts_come_to_an_end() -> None:
    notices = Telling(None).notices
    assert [notices.retry_after(attempt) for attempt in (1, 2, 3)] == [5.0, 10.0, None]


@pytest.mark.parametrize(
    "url",
    [
        "http://tickets.example.com/",
        "https://user:word@tickets.example.com/",
        "tickets.example.com",
        "https://[",
        "https://a b",
    ],
)
def test_an_address_that_may_not_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        webhook(url=url)


def test_hosts_of_a_private_network_are_those_that_are_named() -> None:
    options = ReviewWebhooksOptions(
        webhooks={"inside": webhook(url="https://Tickets.internal:8443/", private=True), "outside": webhook()}
    )
    assert options.private("tickets.internal")
    assert not options.private("tickets.example.com")
