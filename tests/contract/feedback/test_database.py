"""Feedback in a database: what is sealed, what is forgotten, and exports of more than a page."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select, text, update

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.feedback import labels
from groundwire_server.adapters.records.feedback.sql import SqlFeedbackRecords
from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.reviews.rows import ReviewRows
from groundwire_server.adapters.records.tables.reviews import cases, feedback, reviews
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.feedback import AnswerFault, Rating
from groundwire_server.domain.review import ReviewDecision, ReviewKind, ReviewReason, ReviewTrigger, ReviewVerdict
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.feedback import LabelSource
from groundwire_server.ports.reviews import ReviewOpening
from tests.contract.feedback.test_feedback import DAY, said
from tests.contract.operations.queued import SteppingClock
from tests.contract.reviews.conftest import sealing
from tests.doubles.cases import ASKED, answered_case, grounded


def records_of(database: RecordsDatabase, clock: SteppingClock, keys: Sealing | None = None) -> SqlFeedbackRecords:
    return SqlFeedbackRecords(database, keys or sealing(), clock)


async def test_texts_are_sealed(database: RecordsDatabase, clock: SteppingClock) -> None:
    records = records_of(database, clock)
    await records.keep_case(answered_case(text="vermilion question", end_user_id="carla"), DAY)
    await records.put(said(correction="vermilion correction", comment="vermilion comment", end_user_id="carla"), DAY)

    rows = await database.read(
        lambda connection: [
            *connection.execute(select(feedback)).all(),
            *connection.execute(select(cases)).all(),
        ]
    )
    shown = repr(rows)
    assert "vermilion" not in shown
    assert "carla" not in shown
    assert rows[0].end_user == rows[1].end_user != ""


async def test_feedback_on_an_answer_to_an_end_user_is_that_end_users(
    database: RecordsDatabase, clock: SteppingClock
) -> None:
    records = records_of(database, clock)
    await records.keep_case(answered_case(end_user_id="carla"), DAY)
    await records.put(said(), DAY)
    (row,) = await database.read(lambda connection: connection.execute(select(feedback)).all())
    assert row.end_user != ""


async def test_feedback_is_forgotten_when_its_time_is_over(database: RecordsDatabase, clock: SteppingClock) -> None:
    records = records_of(database, clock)
    await records.put(said("request-1"), 10.0)
    await records.put(said("request-2"), 20.0)
    assert await records.sweep() == 0
    clock.step(10)
    assert await records.sweep() == 1
    assert [each.request_id for _, each in await records.page("acme", "", None, None, 10)] == ["request-2"]


async def test_two_first_words_at_once_leave_one(database: RecordsDatabase, clock: SteppingClock) -> None:
    records = records_of(database, clock)
    await asyncio.gather(*(records.put(said(comment=f"word {number}"), DAY) for number in range(8)))
    ((_, found),) = await records.page("acme", "", None, None, 10)
    assert found.comment.startswith("word ")


async def test_what_cannot_be_read_is_left_out(database: RecordsDatabase, clock: SteppingClock) -> None:
    records = records_of(database, clock)
    clock.step(100)
    for number in range(3):
        await records.keep_case(answered_case(f"request-{number}"), DAY)
        await records.put(said(f"request-{number}", comment="kept", said=ASKED + timedelta(seconds=number)), DAY)
    spoiled = (
        update(feedback).where(feedback.c.request_id == "request-1").values(sealed_texts=b"spoiled"),
        update(cases).where(cases.c.request_id == "request-2").values(sealed_case=b"spoiled"),
    )
    await database.write(lambda connection: [connection.execute(each) for each in spoiled])
    page = await records.page("acme", "", None, None, 2)
    assert [each.request_id for _, each in page] == ["request-2", "request-0"]
    found = [each.case.question.request_id async for each in records.labelled("acme", None, None, "")]
    assert found == ["request-0"]
    assert (await records.put(said("request-2"), DAY)).case is None


async def test_another_key_opens_nothing(database: RecordsDatabase, clock: SteppingClock) -> None:
    await records_of(database, clock).put(said(comment="kept"), DAY)
    others = records_of(database, clock, Sealing([SealingKey("k2", bytes(31) + b"\x01")]))
    assert await others.page("acme", "", None, None, 10) == []


async def test_an_export_reads_every_page_in_order(database: RecordsDatabase, clock: SteppingClock) -> None:
    records = records_of(database, clock)
    clock.step(1000)
    await records.keep_case(answered_case(), DAY)
    await records.put(said(rating=Rating.DOWN), DAY)
    (row,) = await database.read(lambda connection: connection.execute(select(feedback)).all())
    many = 2 * labels.KEYS + 5
    copies = [
        row._asdict()
        | {"feedback_id": f"{number:032x}", "request_id": f"copy-{number}", "said": micros(ASKED) + number // 7}
        for number in range(1, many)
    ]
    await database.write(lambda connection: connection.execute(insert(feedback), copies))
    times = [each.labelled async for each in records.labelled("acme", None, None, "")]
    assert len(times) == many
    assert times == sorted(times)


async def test_decisions_of_reviewers_are_labels_among_feedback(
    database: RecordsDatabase, clock: SteppingClock
) -> None:
    records, rows = records_of(database, clock), ReviewRows(sealing())
    clock.step(100)
    decided = {
        "approved": ReviewVerdict(ReviewDecision.APPROVED),
        "edited": ReviewVerdict(ReviewDecision.EDITED, grounded("At seven."), "note", (AnswerFault.OUTDATED,), (0,)),
        "rejected": ReviewVerdict(ReviewDecision.REJECTED, faults=(AnswerFault.UNSAFE,)),
    }
    for number, (name, verdict) in enumerate(decided.items()):
        case = answered_case(name)
        await records.keep_case(case, DAY)
        reason = ReviewReason(Cause.ANSWER_VALIDATED, ReviewTrigger.SAMPLE)
        opening = ReviewOpening(name, ReviewKind.SAMPLE, reason, case, ASKED + timedelta(days=1), DAY, share=0.1)
        await database.write(partial(_decide, rows, opening, verdict, micros(ASKED) + number * 1_000_000))
    await records.put(said("rejected", said=ASKED + timedelta(seconds=1, microseconds=1)), DAY)
    found = [each async for each in records.labelled("acme", None, None, "")]
    assert [(each.source, each.case.question.request_id, each.right) for each in found] == [
        (LabelSource.REVIEW, "approved", True),
        (LabelSource.REVIEW, "edited", False),
        (LabelSource.FEEDBACK, "rejected", True),
        (LabelSource.REVIEW, "rejected", False),
    ]
    edited = found[1]
    assert (edited.correction, edited.wrong_sentences, edited.faults) == ("At seven.", (0,), (AnswerFault.OUTDATED,))
    assert edited.kind is ReviewKind.SAMPLE


@pytest.mark.parametrize(
    ("kind", "verdict", "labels"),
    [
        (ReviewKind.APPROVAL, ReviewVerdict(ReviewDecision.APPROVED), 2),
        # The caller has seen the text of the reviewer, or none.
        (ReviewKind.APPROVAL, ReviewVerdict(ReviewDecision.EDITED, grounded("At seven.")), 1),
        (ReviewKind.APPROVAL, ReviewVerdict(ReviewDecision.REJECTED), 1),
        (ReviewKind.APPROVAL, None, 0),
        # A sample has left as it was written, whatever was decided afterwards.
        (ReviewKind.SAMPLE, ReviewVerdict(ReviewDecision.EDITED, grounded("At seven.")), 2),
        (ReviewKind.SAMPLE, None, 1),
    ],
)
async def test_feedback_labels_the_text_that_its_caller_has_seen(
    database: RecordsDatabase, clock: SteppingClock, kind: ReviewKind, verdict: ReviewVerdict | None, labels: int
) -> None:
    records, case = records_of(database, clock), answered_case("ticket")
    clock.step(100)
    await records.keep_case(case, DAY)
    reason = ReviewReason(Cause.REVIEW_REQUIRED, ReviewTrigger.ALWAYS)
    opening = ReviewOpening("ticket", kind, reason, case, ASKED + timedelta(days=1), DAY, share=0.1)
    await database.write(partial(_decide, ReviewRows(sealing()), opening, verdict, micros(ASKED)))
    await records.put(said("ticket"), DAY)
    found = [each async for each in records.labelled("acme", None, None, "")]
    assert len(found) == labels
    assert sum(each.source is LabelSource.FEEDBACK for each in found) == (labels if verdict is None else labels - 1)


def _decide(
    rows: ReviewRows, opening: ReviewOpening, verdict: ReviewVerdict | None, decided: int, connection: Connection
) -> None:
    """Open a review of a kept case and decide it if there is a verdict, past the records of reviews."""
    case_id = connection.execute(select(cases.c.case_id).where(cases.c.request_id == opening.ticket)).scalar_one()
    connection.execute(insert(reviews), rows.values(opening, case_id, micros(ASKED)))
    if verdict is None:
        return
    mine = reviews.c.ticket == opening.ticket
    row = connection.execute(select(reviews).where(mine)).one()
    done = rows.decided(row, verdict) | {"state": verdict.decision.state, "decided": decided}
    connection.execute(update(reviews).where(mine).values(done))


async def test_lists_are_read_from_an_index(database: RecordsDatabase, clock: SteppingClock) -> None:
    if database.dialect is not RecordsDialect.SQLITE:
        return
    explained = text(
        "EXPLAIN QUERY PLAN SELECT * FROM feedback WHERE tenant = 'acme' ORDER BY said DESC, feedback_id DESC LIMIT 10"
    )
    plan = await database.read(lambda connection: [row.detail for row in connection.execute(explained)])
    assert plan == ["SEARCH feedback USING INDEX ix_feedback_tenant_said_feedback_id (tenant=?)"]
