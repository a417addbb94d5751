"""Acting on the outbox: wake-ups, and webhooks until they are taken or given up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random

import pytest

from groundwire_server.adapters.webhooks.http import WebhookFault
from groundwire_server.domain.operation import Operation, OperationKey, Webhook
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.options.secret import Secret
from groundwire_server.ports.operations import WORK, RecordsError, ended
from groundwire_server.ports.outbox import OutboxEntry, OutboxKind, WebhookError, WebhookNotice
from groundwire_server.telemetry import metrics
from groundwire_server.work.outbox import OutboxRelay
from groundwire_server.work.webhooks import WebhookOptions, Webhooks
from tests.doubles.clock import SetClock
from tests.doubles.counts import Counts
from tests.doubles.operation_records import Away

ID = "0" * 32
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
URL = "https://hooks.example.com/answers"


def entry(kind: OutboxKind, number: int = 1, attempt: int = 1) -> OutboxEntry:
    return OutboxEntry(number, kind, ID, "acme", attempt)


@dataclass
class ScriptedOutbox:
    """Hands out entries, and keeps what is said of them."""

    due: list[OutboxEntry]
    url: str | None = URL
    away: bool = False
    forgotten: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    spreads: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    async def claim(self, most: int, lease: float) -> Sequence[OutboxEntry]:
        if self.away:
            raise RecordsError(Away.GONE)
        taken, self.due = self.due[:most], self.due[most:]
        return taken

    async def notice(self, entry: OutboxEntry) -> WebhookNotice | None:
        if self.url is None:
            return None
        key = OperationKey("acme", "alice", entry.operation_id)
        operation = Operation(key, OperationState.DONE, "default", "request-1", "", NOW, NOW, result=b"answer")
        return WebhookNotice(operation, Webhook(self.url))

    async def spread(self, entry: OutboxEntry, receivers: Sequence[str]) -> None:
        self.spreads.append((entry.number, tuple(receivers)))

    async def done(self, entries: Collection[OutboxEntry]) -> None:
        self.forgotten += [each.number for each in entries]

    async def retry(self, entry: OutboxEntry, after: float) -> None:
        self.waits.append(after)


@dataclass
class ScriptedSender:
    """Takes webhooks, or fails as the test says."""

    failing: WebhookError | None = None
    posted: list[str] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self.posted.append(headers["webhook-id"])
        if self.failing is not None:
            raise self.failing


@dataclass
class KeptWakeups:
    """Keeps the topics that were woken."""

    woken: list[str] = field(default_factory=list)

    async def notify(self, topic: str) -> None:
        self.woken.append(topic)

    def subscribed(self, topic: str) -> None:
        raise NotImplementedError


@dataclass
class Relaying:
    """A relay, with all that it acts on."""

    outbox: ScriptedOutbox
    sender: ScriptedSender = field(default_factory=ScriptedSender)
    wakeups: KeptWakeups = field(default_factory=KeptWakeups)
    counts: Counts = field(default_factory=Counts)
    offered: bool = True
    reviews: "ScriptedNotices | None" = None

    async def round(self) -> int:
        options = WebhookOptions(
            hosts=("hooks.example.com",),
            secrets={"acme": Secret("env://ACME", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")},
            attempts=3,
        )
        webhooks = Webhooks(options, lambda _: None, Random(1)) if self.offered else None
        sender = self.sender if self.offered else None
        relay = OutboxRelay(
            self.outbox,
            self.wakeups,  # type: ignore[arg-type]  # nobody subscribes
            webhooks,
            sender,
            SetClock(),
            self.counts,
            self.reviews,
        )
        return await relay.round()

    def counted(self, result: str) -> float:
        return self.counts.of(metrics.WEBHOOKS, result)


async def test_those_that_wait_are_woken_once_a_topic() -> None:
    kinds = [OutboxKind.WORK, OutboxKind.WORK, OutboxKind.ENDED]
    relaying = Relaying(ScriptedOutbox([entry(kind, number) for number, kind in enumerate(kinds)]))
    assert await relaying.round() == 3
    assert relaying.wakeups.woken == sorted([WORK, ended(ID)])
    assert relaying.outbox.forgotten == [0, 1, 2]
    assert relaying.sender.posted == []


async def test_a_webhook_that_is_taken_is_done() -> None:
    relaying = Relaying(ScriptedOutbox([entry(OutboxKind.WEBHOOK)]))
    await relaying.round()
    assert relaying.sender.posted == [f"msg_{ID}"]
    assert relaying.outbox.forgotten == [1]
    assert relaying.counted("DELIVERED") == 1


async def test_a_webhook_that_is_refused_waits_until_its_attempts_are_used_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    due = [entry(OutboxKind.WEBHOOK, attempt=attempt) for attempt in (1, 2, 3)]
    relaying = Relaying(ScriptedOutbox([]), ScriptedSender(WebhookError(WebhookFault.REFUSED)))
    for each in due:
        relaying.outbox.due = [each]
        await relaying.round()
    assert len(relaying.outbox.waits) == 2
    assert relaying.outbox.waits[0] < relaying.outbox.waits[1]
    assert relaying.outbox.forgotten == [1]
    assert (relaying.counted("RETRIED"), relaying.counted("GIVEN_UP")) == (2, 1)
    (record,) = caplog.records
    assert record.message == "a webhook was given up"
    assert URL not in str(vars(record))


async def test_a_receiver_that_wants_no_more_is_not_tried_again() -> None:
    failing = ScriptedSender(WebhookError(WebhookFault.GONE, final=True))
    relaying = Relaying(ScriptedOutbox([entry(OutboxKind.WEBHOOK)]), failing)
    await relaying.round()
    assert (relaying.outbox.waits, relaying.outbox.forgotten) == ([], [1])


@pytest.mark.parametrize(
    ("url", "offered"),
    [(None, True), (URL, False), ("https://no-more.example.com/", True)],
    ids=["forgotten", "no webhooks any more", "host not allowed any more"],
)
async def test_what_cannot_be_told_any_more_is_given_up_unsent(url: str | None, *, offered: bool) -> None:
    relaying = Relaying(ScriptedOutbox([entry(OutboxKind.WEBHOOK)], url), offered=offered)
    await relaying.round()
    assert relaying.sender.posted == []
    assert relaying.outbox.forgotten == [1]
    assert relaying.counted("GIVEN_UP") == 1


async def test_a_database_that_is_away_is_asked_in_the_next_round() -> None:
    relaying = Relaying(ScriptedOutbox([entry(OutboxKind.WORK)], away=True))
    assert await relaying.round() == 0
    relaying.outbox.away = False
    assert await relaying.round() == 1
    assert relaying.wakeups.woken == [WORK]


@dataclass
class ScriptedNotices:
    """Tells of reviews, or fails as the test says."""

    named: tuple[str, ...] = ("jira", "audit")
    there: bool = True
    failing: WebhookError | None = None
    told: list[str] = field(default_factory=list)

    def receivers(self, entry: OutboxEntry) -> Sequence[str]:
        return self.named

    async def post(self, entry: OutboxEntry) -> bool:
        self.told.append(entry.receiver)
        if self.failing is not None:
            raise self.failing
        return self.there

    def retry_after(self, attempt: int) -> float | None:
        return 7.0 if attempt < 3 else None


def review(attempt: int = 1, receiver: str = "jira") -> OutboxEntry:
    return replace(entry(OutboxKind.REVIEW_DECIDED, attempt=attempt), receiver=receiver)


@pytest.mark.parametrize(("notices", "spread"), [(ScriptedNotices(), ("jira", "audit")), (None, ())])
async def test_a_review_is_spread_over_those_that_are_told(
    notices: ScriptedNotices | None, spread: tuple[str, ...]
) -> None:
    relaying = Relaying(ScriptedOutbox([review(receiver="")]), reviews=notices)
    await relaying.round()
    assert relaying.outbox.spreads == [(1, spread)]
    assert relaying.counted("DELIVERED") == 0


async def test_a_review_that_was_told_is_done() -> None:
    relaying = Relaying(ScriptedOutbox([review()]), reviews=ScriptedNotices())
    await relaying.round()
    assert (relaying.outbox.forgotten, relaying.counted("DELIVERED")) == ([1], 1)


async def test_a_system_that_does_not_take_it_is_told_again_and_given_up_at_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notices = ScriptedNotices(failing=WebhookError(WebhookFault.REFUSED))
    relaying = Relaying(ScriptedOutbox([review(1), review(3)]), reviews=notices)
    await relaying.round()
    assert (relaying.outbox.waits, relaying.outbox.forgotten) == ([7.0], [1])
    assert (relaying.counted("RETRIED"), relaying.counted("GIVEN_UP")) == (1, 1)
    (record,) = caplog.records
    assert (vars(record)["target"], vars(record)["receiver"]) == (f"reviews/{ID}", "jira")


@pytest.mark.parametrize("notices", [ScriptedNotices(there=False), None])
async def test_a_review_of_which_nobody_is_to_be_told_any_more_is_given_up(notices: ScriptedNotices | None) -> None:
    relaying = Relaying(ScriptedOutbox([review()]), reviews=notices)
    await relaying.round()
    assert (relaying.outbox.forgotten, relaying.counted("GIVEN_UP")) == ([1], 1)
