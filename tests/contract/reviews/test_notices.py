"""What ticketing systems are told is written with what it is about, on both databases."""

from sqlalchemy import select

from groundwire_server.adapters.records.tables.operations import outbox
from groundwire_server.domain.review import ReviewDecision, ReviewVerdict
from tests.contract.reviews.reviewed import WITHIN, SqlReviews


async def told(sql: SqlReviews, ticket: str) -> list[str]:
    """Return what is to be told of a review."""
    asked = select(outbox.c.kind).where(outbox.c.operation_id == ticket).order_by(outbox.c.number)
    return list(await sql.database.read(lambda connection: connection.scalars(asked).all()))


async def test_a_review_is_told_of_when_it_is_opened_and_decided(sql: SqlReviews) -> None:
    await sql.reviews.open("t1")
    await sql.reviews.claim("t1")
    assert await told(sql, "t1") == ["review.opened"]
    await sql.reviews.decide("t1")
    await sql.reviews.decide("t1")
    assert await told(sql, "t1") == ["review.opened", "review.decided"]


async def test_a_decision_that_is_refused_tells_nothing(sql: SqlReviews) -> None:
    await sql.reviews.open("t1")
    await sql.reviews.decide("t1", verdict=ReviewVerdict(ReviewDecision.REJECTED))
    assert await told(sql, "t1") == ["review.opened"]


async def test_a_review_that_expires_or_is_withdrawn_is_told_of(sql: SqlReviews) -> None:
    claim = await sql.in_review("a")
    await sql.reviews.open("t2", waited_for=False)
    await sql.queue.records.cancel(claim.key)
    sql.reviews.clock.step(WITHIN)
    assert await sql.reviews.records.expire("acme", "t2", None)
    assert await told(sql, "a") == ["review.opened", "review.withdrawn"]
    assert await told(sql, "t2") == ["review.opened", "review.expired"]
