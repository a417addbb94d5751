"""Who sees what of reviews, in lists, in one review, in a stream, and beside them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc.aio
import pytest

from groundwire.v1 import (
    answer_service_pb2,
    audit_service_pb2,
    document_pb2,
    review_pb2,
    review_service_pb2,
)
from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, Credentials
from groundwire_server.domain.policy import CachePolicy
from groundwire_server.edge.access import Access
from groundwire_server.edge.options import ArrivalOptions, ServerOptions
from groundwire_server.edge.paging import PageTokens
from groundwire_server.edge.servicers import reviews
from tests.doubles.counts import Counts
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest, question
from tests.e2e.conftest import Serve
from tests.e2e.reviews.desk import LAMBDAS, OTTO, RITA, STRANGER, Desk, name_of, outcome_of, reviewing, waiting

OUTSIDER = (("groundwire-tenant", "acme"), ("groundwire-subject", "olga"), ("groundwire-principals", "sales"))


@pytest.fixture
async def desk(serve: Serve) -> AsyncIterator[Desk]:
    async with reviewing(serve) as running:
        yield running


def tickets(response: Any) -> list[str]:
    return [review.ticket for review in response.reviews]


async def test_lists_have_questions_alone_page_by_page_and_count_what_is_open(desk: Desk) -> None:
    asked = [(await desk.ask()).ticket for _ in range(5)]
    first = await desk.call("ListReviews", page_size=2)
    assert (tickets(first), first.open) == (asked[:2], 5)
    review = first.reviews[0]
    assert review.question.text == question().text
    assert not review.HasField("proposed")
    assert not review.passages
    second = await desk.call("ListReviews", page_size=2, page_token=first.next_page_token)
    assert tickets(second) == asked[2:4]
    newest = await desk.call("ListReviews", order=review_pb2.REVIEW_ORDER_NEWEST)
    assert (tickets(newest), newest.next_page_token) == (asked[::-1], "")
    for changed in ({"order": review_pb2.REVIEW_ORDER_NEWEST}, {"filter": {"route": "legal"}}):
        refused = await desk.refused("ListReviews", page_token=first.next_page_token, **changed)
        assert refused.reason == "INVALID_REQUEST"
    assert (await desk.refused("ListReviews", STRANGER, page_token=first.next_page_token)).reason == "INVALID_REQUEST"


async def test_lists_are_narrowed(desk: Desk) -> None:
    one, two = (await desk.ask()).ticket, (await desk.ask()).ticket
    await desk.claim(one)
    claimed = review_service_pb2.ReviewFilter(states=[review_pb2.Review.STATE_CLAIMED])
    assert tickets(await desk.call("ListReviews", filter=claimed)) == [one]
    assert tickets(await desk.call("ListReviews", filter={"reviewer": "rita"})) == [one]
    samples = review_service_pb2.ReviewFilter(kinds=[review_pb2.Review.KIND_SAMPLE])
    assert tickets(await desk.call("ListReviews", filter=samples)) == []
    assert tickets(await desk.call("ListReviews", filter={"route": "default"})) == [one, two]


async def test_a_reviewer_sees_evidence_by_their_own_rights(desk: Desk) -> None:
    closed = document_pb2.Document(document_id="lambdas", text=LAMBDAS, allowed_principals=["staff"])
    await ingest(desk.product, closed)
    ticket = (await desk.ask()).ticket
    shown = await desk.call("GetReview", OUTSIDER, ticket=ticket)
    assert list(shown.passages) == []
    assert [(each.chunk_id, each.rank) for each in shown.withheld] == [("withheld-1", 1)]
    assert [(each.chunk_id, each.quote, each.document_id) for each in shown.proposed.citations] == [
        ("withheld-1", "", "")
    ]
    inside = await desk.call("GetReview", ticket=ticket)
    assert ([each.text for each in inside.passages], list(inside.withheld)) == ([LAMBDAS], [])


async def test_what_the_audit_trail_says_can_be_verified_and_has_no_texts(desk: Desk) -> None:
    ticket = (await desk.ask()).ticket
    await desk.claim(ticket)
    await desk.call("ApproveReview", ticket=ticket, note="A private note.")
    await desk.call("GetReview", OUTSIDER, ticket=ticket)
    trail = await desk.trail()
    about = [(each.actor, each.event) for each in trail if each.target == f"reviews/{ticket}"]
    assert about == [
        ("", "review.opened"),
        ("rita", "review.claimed"),
        ("rita", "review.read"),
        ("rita", "review.approved"),
        ("olga", "review.read"),
    ]
    assert [each.sequence for each in trail] == list(range(1, len(trail) + 1))
    for secret in (LAMBDAS, question().text, "private"):
        assert secret not in str(trail)
    request = audit_service_pb2.VerifyAuditRequest(sequence=2, digest=trail[1].digest)
    verified = await desk.audit.VerifyAudit(request, metadata=ACME, timeout=SECONDS)
    assert (verified.intact, verified.entries, verified.last_digest) == (True, len(trail), trail[-1].digest)
    wrong = audit_service_pb2.VerifyAuditRequest(sequence=2, digest=trail[2].digest)
    assert not (await desk.audit.VerifyAudit(wrong, metadata=ACME, timeout=SECONDS)).intact
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.audit.VerifyAudit(audit_service_pb2.VerifyAuditRequest(sequence=2), metadata=ACME, timeout=SECONDS)
    assert info(refused.value).reason == "INVALID_REQUEST"


async def test_the_trail_is_listed_by_page_and_target(desk: Desk) -> None:
    first, second = (await desk.ask()).ticket, (await desk.ask()).ticket
    await desk.claim(second)
    list_entries = desk.audit.ListAuditEntries
    request = audit_service_pb2.ListAuditEntriesRequest(target=f"reviews/{second}", page_size=1)
    page = await list_entries(request, metadata=ACME, timeout=SECONDS)
    assert [each.event for each in page.entries] == ["review.opened"]
    request.page_token = page.next_page_token
    assert [each.event for each in (await list_entries(request, metadata=ACME, timeout=SECONDS)).entries] == [
        "review.claimed"
    ]
    after = audit_service_pb2.ListAuditEntriesRequest(after_sequence=1, target=f"reviews/{first}")
    assert list((await list_entries(after, metadata=ACME, timeout=SECONDS)).entries) == []
    assert list((await list_entries(audit_service_pb2.ListAuditEntriesRequest(), metadata=STRANGER)).entries) == []


@pytest.mark.parametrize("sequence", ["-1", "9" * 19, "1.5", ""])
async def test_a_page_of_the_trail_begins_at_no_forged_sequence(desk: Desk, sequence: str) -> None:
    token = PageTokens("audit", "acme", "", "0").write(sequence)
    request = audit_service_pb2.ListAuditEntriesRequest(page_token=token)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.audit.ListAuditEntries(request, metadata=ACME, timeout=SECONDS)
    assert info(refused.value).reason == "INVALID_REQUEST"


async def test_who_asked_neither_reads_nor_decides_where_a_second_person_must(serve: Serve) -> None:
    async with reviewing(serve, waiting(second_person=True)) as desk:
        ticket = (await desk.ask()).ticket
        for method in ("GetReview", "ClaimReview", "ApproveReview", "RejectReview"):
            refused = await desk.refused(method, ACME, ticket=ticket)
            assert (refused.reason, dict(refused.metadata)) == ("REVIEW_OWN", {"ticket": ticket})
        assert tickets(await desk.call("ListReviews", ACME)) == [ticket]
        await desk.claim(ticket, OTTO)


class TestWatching:
    """The stream of reviews."""

    async def test_it_begins_with_all_that_match_and_goes_on_with_changes(self, desk: Desk) -> None:
        ticket = (await desk.ask()).ticket
        pending = {"states": [review_pb2.Review.STATE_PENDING]}
        watch = self.watch(desk, filter=pending)
        assert (await watch.read()).review.ticket == ticket
        await desk.claim(ticket)
        assert name_of((await watch.read()).review) == "CLAIMED"
        another = (await desk.ask()).ticket
        review = (await watch.read()).review
        assert (review.ticket, review.question.text, review.HasField("proposed")) == (another, question().text, False)
        watch.cancel()

    async def test_it_is_alive_while_nothing_changes(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reviews, "HEARTBEAT_SECONDS", 1.0)
        watch = self.watch(desk, seconds=30.0)
        assert (await watch.read()).WhichOneof("event") == "heartbeat"
        watch.cancel()

    async def test_the_reviews_of_another_tenant_are_not_in_it(self, desk: Desk) -> None:
        watch, own = self.watch(desk, STRANGER), self.watch(desk)
        ticket = (await desk.ask()).ticket
        assert (await own.read()).review.ticket == ticket
        draining = asyncio.create_task(desk.product.server.drain(0.0, 5.0))
        # Nothing came before the end, which is after what the tenant's own watch was shown.
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watch.read()
        assert info(ended.value).reason == "SHUTTING_DOWN"
        own.cancel()
        await draining

    async def test_a_tenant_has_a_share_of_the_places(self, serve: Serve) -> None:
        options = ServerOptions(arrival=ArrivalOptions(max_review_watches=2, max_review_watches_per_tenant=1))
        async with reviewing(serve, options=options) as desk:
            ticket = (await desk.ask()).ticket
            first = self.watch(desk)
            assert (await first.read()).review.ticket == ticket
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await self.watch(desk).read()
            assert info(refused.value).reason == "OVERLOADED"
            first.cancel()

    async def test_it_ends_when_the_server_drains(self, serve: Serve) -> None:
        async with reviewing(serve) as desk:
            ticket = (await desk.ask()).ticket
            watch = self.watch(desk)
            assert (await watch.read()).review.ticket == ticket
            draining = asyncio.create_task(desk.product.server.drain(0.0, 5.0))
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await watch.read()
            assert info(ended.value).reason == "SHUTTING_DOWN"
            await draining

    def watch(self, desk: Desk, who: Any = RITA, seconds: float = SECONDS, **given: Any) -> Any:
        request = review_service_pb2.WatchReviewsRequest(**given)
        return desk.reviews.WatchReviews(request, metadata=who, timeout=seconds)


class Roles:
    """An authenticator that believes who calls, until a test takes roles away.

    Attributes:
        taken: the roles that a subject has lost.
    """

    def __init__(self) -> None:
        self.taken: dict[str, frozenset[Role]] = {}

    async def authenticate(self, credentials: Credentials) -> Caller:
        caller = await DeclaredIdentity().authenticate(credentials)
        if caller.subject == "gone":
            raise AccessDenied(DenialReason.API_KEY_REVOKED)
        return replace(caller, roles=caller.roles - self.taken.get(caller.subject, frozenset()) - {Role.ADMIN})

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        del frozen
        return caller


async def test_a_reviewer_whose_role_is_withdrawn_can_do_nothing_more_and_the_claim_lapses(serve: Serve) -> None:
    roles = Roles()
    access = Access({CredentialKind.DECLARED: roles})
    async with reviewing(serve, access=access) as desk:
        ticket = (await desk.ask()).ticket
        request = review_service_pb2.WatchReviewsRequest()
        watch = desk.reviews.WatchReviews(request, metadata=RITA, timeout=60.0)
        assert (await watch.read()).review.ticket == ticket
        await desk.call("ClaimReview", ticket=ticket, lease={"seconds": 10})
        assert (await watch.read()).review.reviewer == "rita"
        roles.taken["rita"] = frozenset({Role.REVIEWER})
        for method in ("ApproveReview", "ReleaseReview", "GetReview"):
            assert (await desk.refused(method, ticket=ticket)).reason == "FORBIDDEN"
        await desk.refused("ClaimReview", OTTO, ticket=ticket)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watch.read()
        assert ended.value.code() is grpc.StatusCode.PERMISSION_DENIED
        await desk.claim(ticket, OTTO)
        assert name_of(await desk.call("ApproveReview", OTTO, ticket=ticket)) == "APPROVED"
        claims = [each.actor for each in await desk.trail() if each.event == "review.claimed"]
    assert claims == ["rita", "otto"]


async def test_a_watch_ends_for_who_has_lost_the_role_although_nothing_changes(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "HEARTBEAT_SECONDS", 0.01)
    roles = Roles()
    async with reviewing(serve, access=Access({CredentialKind.DECLARED: roles})) as desk:
        watch = desk.reviews.WatchReviews(review_service_pb2.WatchReviewsRequest(), metadata=RITA, timeout=60.0)
        assert await anext(_kinds(watch)) == "heartbeat"
        roles.taken["rita"] = frozenset({Role.REVIEWER})
        events = {event async for event in _kinds(watch)}
        assert events <= {"heartbeat"}
        assert await watch.code() is grpc.StatusCode.PERMISSION_DENIED


async def _kinds(watch: Any) -> AsyncIterator[str]:
    """Yield the kinds of a watch's events until it ends."""
    with suppress(grpc.aio.AioRpcError):
        async for event in watch:
            yield event.WhichOneof("event")


async def test_a_decided_answer_stands_in_for_those_who_may_see_what_it_cites(serve: Serve) -> None:
    cache = MemoryAnswerCache(AnswerCacheOptions(), SystemClock(), Counts())
    policy = waiting(seed_cache=True, cache=CachePolicy(serve_fresh=True))
    async with reviewing(serve, policy, answer_cache=cache) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        await desk.call("ApproveReview", ticket=waits.ticket)
        assert outcome_of(await desk.operation(waits.operation)).answered.answer.text == LAMBDAS
        assert (await answer(desk.product)).cached.answer.text == LAMBDAS
        asked = desk.product.answers.Answer
        request = answer_service_pb2.AnswerRequest(question=question())
        other = await asked(request, metadata=OUTSIDER, timeout=SECONDS)
        assert other.outcome.WhichOneof("result") != "cached"


async def test_no_text_is_in_logs_spans_or_metrics(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="groundwire")
    async with reviewing(serve) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        await desk.call("EditReview", ticket=waits.ticket, text=LAMBDAS, note="A private note.")
        await desk.wait(waits.operation)
        seen = caplog.text + repr(
            [record.__dict__ for record in caplog.records if record.name.startswith("groundwire")]
        )
        seen += desk.product.spans.everything() + repr(desk.product.counts.__dict__)
        assert waits.ticket in seen
    for secret in (LAMBDAS, "private note", question().text):
        assert secret not in seen
