"""Databases that earlier versions have written are read by this one: `formats/` has one for each revision, for good.

`GOLDEN=write` writes that of the present revision where there is none; no other is ever written anew.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.audit.sql import SqlAuditRecords
from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.operations.rows import OperationRows
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.outbox import SqlOutboxRecords
from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.operation import Bill, OperationKey, QueuedQuestion, Webhook
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.review import ReviewState
from groundwire_server.domain.vocabulary import Cause, OperationState, Priority, StreamMode
from groundwire_server.ports.outbox import OutboxKind
from groundwire_server.work.history import HistoryEvent, check_history
from tests.contract.operations.queued import AMPLE, KEEP, LEASE, Queue, SteppingClock
from tests.contract.reviews.cases import case
from tests.contract.reviews.reviewed import EDITED, Reviews
from tests.work.questions import answered

FORMATS = Path(__file__).with_name("formats")
PRESENT = FORMATS / f"format-{int(schema.REVISIONS[-1])}.sql"
BILL = Bill(10, 5, 7)
WAITING, DONE, HALTED, RUNNING = (OperationKey("acme", "alice", f"{number:032x}") for number in range(1, 5))
WEBHOOK = Webhook("https://hooks.example.com/answers", include_answer=True)


def work(request_id: str) -> QueuedQuestion:
    """A question that uses what a question has: a search, or passages of its own, which exclude each other."""
    accepted = datetime(2026, 11, 27, 12, tzinfo=UTC)
    question = Question(
        route="default",
        text="Wann öffnet das Büro?",
        request_id=request_id,
        turns=(Turn(by_user=True, text="Ich suche das Büro."), Turn(by_user=False, text="Im Erdgeschoss.")),
        task="opening hours",
        allow_queue=True,
        end_user_id="user-7",
        mode=StreamMode.PROVISIONAL,
        priority=Priority.BACKGROUND,
    )
    if request_id == "request-halted":
        question = replace(question, provided=(Passage("p1", "Das Büro öffnet um acht.", title="Handbuch"),))
    else:
        question = replace(question, top_k=4, alpha=0.25, filter=Equals("city", "Berlin"))
    credential = CredentialReference(CredentialKind.API_KEY, "key-1", 1_800_000_000.5)
    return QueuedQuestion(
        question=question,
        caller=Caller("acme", "alice", frozenset({"staff", "berlin"}), frozenset({Role.READER}), credential),
        fingerprint=request_id.encode(),
        cause=Cause.MODEL_RATE_LIMITED,
        accepted=accepted,
        answer_by=accepted + timedelta(hours=1),
        rights_frozen=True,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        webhook=WEBHOOK,
        most_cost=500,
    )


def opened(database: RecordsDatabase) -> SqlOperationRecords:
    return SqlOperationRecords(database, _sealing(), CODEC, SteppingClock(), attempts=1, keep=KEEP)


def _sealing() -> Sealing:
    return Sealing([SealingKey("k1", bytes(range(32)))])


async def write(file: Path) -> None:
    """Write a database with an operation in each state."""
    async with records_database(RecordsOptions(url=f"sqlite:///{file}")) as database:
        await schema.upgrade(database)
        records = opened(database)
        for key, request_id in ((DONE, "request-done"), (HALTED, "request-halted"), (RUNNING, "request-running")):
            await records.accept(key, work(request_id), AMPLE)
            claim = await records.claim("worker-1", LEASE)
            assert claim is not None
            if key is DONE:
                assert await records.complete(claim, CODEC.encode_outcome(answered()), BILL, ["handbook"])
            if key is HALTED:
                assert await records.retry(claim, Cause.MODEL_TIMEOUT, 0.0, BILL)
        await records.accept(WAITING, work("request-waiting"), AMPLE)
        await write_reviews(database)


async def write_reviews(database: RecordsDatabase) -> None:
    """Write a review that waits, and one that was edited."""
    reviews = reviewed(database)
    for ticket in ("waits", "edited"):
        assert await reviews.records.open(reviews.opening(ticket), None) is not None
    await reviews.claim("edited")
    await reviews.decide("edited", verdict=EDITED)


def reviewed(database: RecordsDatabase) -> Reviews:
    clock, sealing = SteppingClock(), _sealing()
    records = SqlReviewRecords(database, sealing, clock, timedelta(days=1))
    return Reviews(records, SqlAuditRecords(database, sealing), clock)


async def test_the_present_format_is_kept_for_later_versions(tmp_path: Path) -> None:
    if os.environ.get("GOLDEN") == "write" and not PRESENT.exists():
        file = tmp_path / "records.sqlite3"
        await write(file)
        with closing(sqlite3.connect(file)) as written:
            lines = list(written.iterdump())
        FORMATS.mkdir(exist_ok=True)
        PRESENT.write_text("\n".join(lines) + "\n")
    assert PRESENT.exists(), "write it: GOLDEN=write .venv/bin/python -m pytest tests/adapters/records/test_formats.py"


@pytest.fixture(params=sorted(FORMATS.glob("*.sql")), ids=lambda path: path.stem)
def options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    file = tmp_path / "records.sqlite3"
    with closing(sqlite3.connect(file)) as made:
        made.executescript(request.param.read_text())
    return RecordsOptions(url=f"sqlite:///{file}")


async def test_what_an_earlier_version_has_accepted_is_read_and_answered(options: RecordsOptions) -> None:
    async with records_database(options) as database:
        await schema.upgrade(database)
        records = opened(database)
        done = await records.get(DONE)
        assert done is not None
        assert done.result is not None
        assert AnswerResponse.FromString(done.result).outcome.answered.answer.text == "Anna signs."
        assert (done.state, done.attempts, done.cause) == (OperationState.DONE, 1, Cause.MODEL_RATE_LIMITED)
        claim = await records.claim("worker-2", LEASE)
        assert claim is not None
        assert (claim.key, claim.work) == (WAITING, work("request-waiting"))
        assert await records.complete(claim, CODEC.encode_outcome(answered()), BILL, ["handbook"])
        assert await records.requeue("acme", HALTED.operation_id) is not None
        again = await records.claim("worker-2", LEASE)
        assert again is not None
        assert (again.key, again.attempt, again.work) == (HALTED, 2, work("request-halted"))
        assert await records.complete(again, CODEC.encode_outcome(answered()), BILL, [])
        for name, state in (("waits", OperationState.IN_REVIEW), ("edited", OperationState.DONE)):
            found = await records.get(OperationKey("acme", "ann", Queue.id_of(name)))
            assert found is None or (found.state, found.ticket) == (state, name)
        running = await records.get(RUNNING)
        assert running is not None
        assert running.state is OperationState.RUNNING
        report = check_history(await records.history(0, 100))
        assert report.faults == ()
        # The reviews of those that have some: one has ended, the other waits.
        with_reviews = await reviewed(database).records.get("acme", "edited") is not None
        assert report.ends == {HistoryEvent.EFFECT: 3 + with_reviews}
        assert report.open == {RUNNING.operation_id} | ({Queue.id_of("waits")} if with_reviews else set())


async def test_webhooks_that_an_earlier_version_has_left_are_sent(options: RecordsOptions) -> None:
    async with records_database(options) as database:
        await schema.upgrade(database)
        outbox = SqlOutboxRecords(database, OperationRows(_sealing(), CODEC), SteppingClock())
        (entry,) = [each for each in await outbox.claim(100, LEASE) if each.kind is OutboxKind.WEBHOOK]
        notice = await outbox.notice(entry)
        assert notice is not None
        assert (notice.webhook, notice.operation.key) == (WEBHOOK, DONE)


async def test_reviews_that_an_earlier_version_has_opened_are_read_and_decided(options: RecordsOptions) -> None:
    async with records_database(options) as database:
        await schema.upgrade(database)
        reviews = reviewed(database)
        edited = await reviews.records.get("acme", "edited")
        if edited is None:
            # Revision 1 had no reviews.
            return
        assert (edited.case, edited.verdict) == (case("edited"), EDITED)
        assert (await reviews.get("waits")).case == case("waits")
        await reviews.claim("waits")
        await reviews.decide("waits")
        assert await reviews.state("waits") is ReviewState.APPROVED
        assert (await reviews.audit.verify("acme", None)).intact
