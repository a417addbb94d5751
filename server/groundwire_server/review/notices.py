"""Notifying ticketing systems of reviews, by signed webhooks."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from groundwire_server.domain.review import Review, ReviewKind, ReviewState
from groundwire_server.domain.standard_webhooks import signed_headers
from groundwire_server.options.signing import signing_key
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.outbox import OutboxEntry, WebhookSender
from groundwire_server.ports.reviews import OpenedReview, ReviewRecords
from groundwire_server.review.notice_options import ReviewWebhookOptions, ReviewWebhooksOptions

_EVENTS: Final = len("review.")


class ReviewWebhooks:
    """Posts changes of reviews to the webhooks of the configuration.

    Args:
        options: names them.
        records: keep the reviews.
        sender: posts.
        clock: of the wall.
        backoff: returns the seconds to wait after an attempt.
    """

    def __init__(
        self,
        options: ReviewWebhooksOptions,
        records: ReviewRecords,
        sender: WebhookSender,
        clock: Clock,
        backoff: Callable[[int], float],
    ) -> None:
        self._options = options
        self._records = records
        self._sender = sender
        self._clock = clock
        self._backoff = backoff
        self._keys = {name: signing_key(webhook.secret) for name, webhook in options.webhooks.items()}

    def receivers(self, entry: OutboxEntry) -> Sequence[str]:
        """Return the names of the webhooks that are notified."""
        return [name for name in self._options.webhooks if self._webhook(entry, name) is not None]

    async def post(self, entry: OutboxEntry) -> bool:
        """Tell the receiver of an entry; see the port."""
        webhook = self._webhook(entry, entry.receiver)
        if webhook is None:
            return False
        opened = await self._records.get(entry.tenant, entry.operation_id)
        if opened is None:
            return False
        body = body_of(entry, opened, include_texts=webhook.include_texts)
        now = int(self._clock.today().timestamp())
        message_id = f"msg_{entry.operation_id}_{_event(entry)}"
        headers = signed_headers(self._keys[entry.receiver], message_id, now, body)
        await self._sender.post(webhook.url, headers, body)
        return True

    def retry_after(self, attempt: int) -> float | None:
        """Return the seconds to wait after an attempt; see the port."""
        return None if attempt >= self._options.attempts else self._backoff(attempt)

    def _webhook(self, entry: OutboxEntry, name: str) -> ReviewWebhookOptions | None:
        """Return a receiver that may be told; options change while entries wait."""
        webhook = self._options.webhooks.get(name)
        told = webhook is not None and entry.tenant in webhook.tenants and _event(entry) in webhook.events
        return webhook if told else None


def body_of(entry: OutboxEntry, opened: OpenedReview, *, include_texts: bool) -> bytes:
    """Return what is sent, the same at each attempt unless the review has changed meanwhile."""
    review = opened.review
    data = {**_facts(review), **(_texts(opened) if include_texts else {})}
    at = (review.decided or review.created).isoformat()
    return json.dumps({"type": entry.kind.value, "timestamp": at, "data": data}, ensure_ascii=False).encode()


def _facts(review: Review) -> Mapping[str, str]:
    # What led to a sample would sway its reviewer.
    blind = review.kind is ReviewKind.SAMPLE and review.open
    facts = {
        "ticket": review.ticket,
        "kind": review.kind.value,
        "state": review.state.value,
        "route": review.route,
        "cause": "" if blind else review.reason.cause.value,
        "trigger": review.reason.trigger.value,
        "guard": review.reason.guard,
        "category": review.reason.category,
        "reviewer": review.reviewer,
        "request_id": review.request_id,
        "trace_id": review.trace_id,
        "operation": f"operations/{review.operation_id}" if review.operation_id else "",
        "create_time": review.created.isoformat(),
        "expire_time": review.expires.isoformat(),
        "decide_time": "" if review.decided is None else review.decided.isoformat(),
    }
    return {name: value for name, value in facts.items() if value}


def _texts(opened: OpenedReview) -> Mapping[str, str]:
    case, verdict = opened.case, opened.verdict
    draft = "" if case is None or case.draft is None else case.draft.text
    text = verdict.text.text if verdict is not None and verdict.text is not None else ""
    if opened.review.state is ReviewState.APPROVED:
        text = draft
    texts = {"question": "" if case is None else case.question.text, "draft": draft, "text": text}
    return {name: text for name, text in texts.items() if text}


def _event(entry: OutboxEntry) -> str:
    return entry.kind.value[_EVENTS:]
