"""Erasing cases, reviews and feedback: nothing of their texts or names is left, and numbers stay."""

from collections.abc import Mapping
from math import inf

import pytest
from sqlalchemy import Connection, insert, select

from groundwire_server.adapters.records.erasure import SqlRecordErasure
from groundwire_server.adapters.records.tables.reviews import case_documents, cases, feedback, reviews
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlaceKind,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    RecordErasure,
    RecordSelection,
)
from groundwire_server.domain.question import Question
from groundwire_server.domain.review import ReviewState
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.work.history import check_history
from tests.contract.reviews.cases import OWN, case
from tests.contract.reviews.conftest import KEEP, sealing
from tests.contract.reviews.reviewed import EDITED, SqlReviews

SELECTIONS: Mapping[str, RecordSelection] = {
    "tenant": EntireTenant(),
    "subject": OneSubject("ann"),
    "end user": OneEndUser("visitor-1"),
    "document": OneDocument("memo"),
    "source": OneSource("file:///memo.md"),
}
EVER = Deadline(inf)
QUESTION = Question("default", "Hers?", "hers")


SAID_OF = ("direct", "queued", "sample", "decided")


async def erase(sql: SqlReviews, selection: RecordSelection, tenant: str = "acme") -> Mapping[ErasedPlaceKind, int]:
    erasure = SqlRecordErasure(sql.database, sealing(), sql.reviews.clock, KEEP)
    places = await erasure.erase(RecordErasure(tenant, selection), EVER)
    assert all(place.complete for place in places)
    return {place.kind: place.count for place in places}


async def filled(sql: SqlReviews) -> None:
    """Open reviews of everything that can be: waited for, of a worker, sampled; and decided ones with feedback."""
    await sql.reviews.open("direct")
    await sql.in_review("queued")
    await sql.reviews.open("sample", waited_for=False)
    await sql.reviews.claim("sample")
    await sql.reviews.open("decided")
    await sql.reviews.claim("decided")
    await sql.reviews.decide("decided", verdict=EDITED)
    await sql.reviews.open("theirs", case=case("theirs", "other"))
    await sql.reviews.open("hers", case=case("hers", subject="bea", evidence=(OWN,), question=QUESTION))
    await sql.database.write(_say)


def _say(connection: Connection) -> None:
    """Keep feedback on each answer to the visitor."""
    for row in connection.execute(select(reviews).where(reviews.c.ticket.in_(SAID_OF))).all():
        said = {
            "feedback_id": f"of-{row.ticket}",
            "tenant": "acme",
            "subject": "ann",
            "end_user": sealing().pseudonyms("acme", "visitor-1")[0],
            "route": "default",
            "request_id": row.ticket,
            "trace_id": "",
            "case_id": row.case_id,
            "rating": "DOWN",
            "faults": "",
            "said": 0,
            "expires": 10**18,
            "format": 1,
            "sealed_texts": b"sealed",
        }
        connection.execute(insert(feedback), said)


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_texts_go_and_open_reviews_are_withdrawn(sql: SqlReviews, selection: str) -> None:
    await filled(sql)
    counts = await erase(sql, SELECTIONS[selection])
    everything = selection == "tenant"
    assert counts[ErasedPlaceKind.CASES] == 4 + everything

    def left(connection: Connection) -> tuple[set[str], list[str]]:
        rows = connection.execute(select(reviews).where(reviews.c.sealed_verdict.is_not(None))).all()
        assert rows == []
        shown = connection.scalars(select(case_documents.c.document_id)).all()
        return {row.tenant for row in connection.execute(select(cases))}, sorted(shown)

    # The others' are left alone.
    assert await sql.database.read(left) == ({"other"} | (set() if everything else {"acme"}), ["handbook", "memo"])
    for ticket in ("direct", "queued", "sample", "decided"):
        found = await sql.reviews.records.get("acme", ticket)
        if everything:
            assert found is None
            continue
        assert found is not None
        assert (found.case, found.verdict is None or found.verdict.text) == (None, found.verdict is None or None)
        assert found.review.state is (ReviewState.EDITED if ticket == "decided" else ReviewState.WITHDRAWN)
        assert (found.review.subject == "ann") is (selection != "subject")
        assert (await sql.reviews.events(ticket))[-1] == ("edited", "rob") or ticket != "decided"
    withdrawn = [each for each in await sql.reviews.audit.page("acme", "", 0, 100) if each.event == "review.withdrawn"]
    assert len(withdrawn) == 3 + everything
    assert {each.details["why"] for each in withdrawn} == {"erased"}
    assert (await sql.reviews.audit.verify("acme", None)).intact
    assert check_history(await sql.queue.records.history(0, 1000)).faults == ()
    assert await sql.reviews.state("theirs", "other") is ReviewState.PENDING
    assert sum((await erase(sql, SELECTIONS[selection])).values()) == 0


@pytest.mark.parametrize("selection", ["end user", "document", "source"])
async def test_operations_that_waited_end_with_erased(sql: SqlReviews, selection: str) -> None:
    await filled(sql)
    await erase(sql, SELECTIONS[selection])
    for name in ("direct", "queued"):
        found = await sql.queue.records.get(sql.queue.key(name))
        assert found is not None
        assert (found.state, found.error, found.result) == (OperationState.DONE, Reason.ERASED, None)
    assert await sql.queue.posts("direct") == ["ended"]


@pytest.mark.parametrize("selection", ["tenant", "subject"])
async def test_operations_of_a_subject_are_gone(sql: SqlReviews, selection: str) -> None:
    await filled(sql)
    await erase(sql, SELECTIONS[selection])
    for name in ("direct", "queued", "decided"):
        assert await sql.queue.records.get(sql.queue.key(name)) is None


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_what_was_said_goes_too(sql: SqlReviews, selection: str) -> None:
    await filled(sql)
    counts = await erase(sql, SELECTIONS[selection])
    rows = await sql.database.read(lambda connection: connection.execute(select(feedback)).all())
    if selection in {"document", "source"}:
        # The rating stays; the words may quote the document.
        assert {(row.rating, row.sealed_texts, row.case_id) for row in rows} == {("DOWN", None, "")}
        assert len(rows) == len(SAID_OF)
        assert counts[ErasedPlaceKind.FEEDBACK] == 0
    else:
        assert (rows, counts[ErasedPlaceKind.FEEDBACK]) == ([], len(SAID_OF))


async def test_the_name_of_a_reviewer_goes_where_it_has_decided(sql: SqlReviews) -> None:
    await filled(sql)
    await sql.reviews.open("hers too", waited_for=False)
    await sql.reviews.claim("hers too")
    await erase(sql, OneSubject("rob"))
    decided, claimed = await sql.reviews.get("decided"), await sql.reviews.get("hers too")
    assert decided.review.reviewer.startswith("erased-")
    assert decided.verdict is not None
    # What it holds it can still decide, and what it did stays written down.
    assert claimed.review.reviewer == "rob"
    assert ("edited", "rob") in await sql.reviews.events("decided")


async def test_samples_still_count_afterwards(sql: SqlReviews) -> None:
    await sql.reviews.open("sample", waited_for=False)
    await sql.reviews.claim("sample")
    await sql.reviews.decide("sample", verdict=EDITED, completion=None)
    await erase(sql, OneDocument("memo"))
    (count,) = await sql.reviews.records.measure("acme", None, None, "")
    assert (count.sampled, count.decided, count.wrong) == (1, 1, 1)


async def test_an_erasure_of_much_goes_on_in_batches(sql: SqlReviews) -> None:
    for number in range(3):
        await sql.reviews.open(f"t{number}", waited_for=False)

    def copy(connection: Connection) -> None:
        row = connection.execute(select(cases).limit(1)).one()._asdict()
        connection.execute(insert(cases), [row | {"case_id": f"c{number}"} for number in range(450)])

    await sql.database.write(copy)
    assert (await erase(sql, OneSubject("ann")))[ErasedPlaceKind.CASES] == 453
