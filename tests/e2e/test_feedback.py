"""Feedback over gRPC, on a server that keeps answers: said, listed, counted, and exported as labelled cases."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire.v1 import document_pb2, feedback_service_pb2, outcome_pb2, review_pb2, review_service_pb2
from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.feedback_service_pb2 import LabelledCase, Rating
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from groundwire.v1.review_service_pb2_grpc import ReviewServiceStub
from groundwire_server.adapters.records.opening import opened_records
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.admission.admission import Admission
from groundwire_server.domain.admission import Work
from groundwire_server.domain.guards.finding import Flag, GuardIdentity
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import GuardAction, LimitScope, Screen
from groundwire_server.telemetry import metrics
from tests.admission.limiting import Limited
from tests.admission.limiting import row as limit_row
from tests.doubles.cases import TRACE, unanswered_case
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest, question
from tests.e2e.conftest import Product, Serve

BOB = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"), ("groundwire-principals", "staff"))
GUEST = (("groundwire-tenant", "acme"), ("groundwire-subject", "gus"), ("groundwire-principals", "guests"))
UMBRELLA = (("groundwire-tenant", "umbrella"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
SENTENCE = "Lambda expressions create anonymous functions."
KEEPING = ReviewPolicy(reviewers=False, keep_share=1.0)


class Talk:
    """A server that keeps answers, and what callers say to it."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.service = FeedbackServiceStub(product.channel)
        self.reviews = ReviewServiceStub(product.channel)

    async def asked(self, **fields: Any) -> outcome_pb2.Outcome:
        """Ask a question, and wait until its answer is kept."""
        outcome = await answer(self.product, **fields)
        assert self.product.reviews is not None
        await self.product.reviews.feedback.samples.settle()
        return outcome

    async def say(
        self, outcome: outcome_pb2.Outcome, *, by: tuple[tuple[str, str], ...] = ACME, **said: Any
    ) -> feedback_service_pb2.SubmitFeedbackResponse:
        report = outcome.report
        about = {"request_id": report.request_id, "trace_id": report.trace_id, "route": report.route} | said
        request = feedback_service_pb2.SubmitFeedbackRequest(**about)
        response: feedback_service_pb2.SubmitFeedbackResponse = await self.service.SubmitFeedback(
            request, metadata=by, timeout=SECONDS
        )
        return response

    async def listed(
        self, by: tuple[tuple[str, str], ...] = ACME, **fields: Any
    ) -> feedback_service_pb2.ListFeedbackResponse:
        request = feedback_service_pb2.ListFeedbackRequest(**fields)
        response: feedback_service_pb2.ListFeedbackResponse = await self.service.ListFeedback(
            request, metadata=by, timeout=SECONDS
        )
        return response

    async def exported(self, by: tuple[tuple[str, str], ...] = ACME, **fields: Any) -> list[LabelledCase]:
        request = feedback_service_pb2.ExportCasesRequest(**fields)
        call = self.service.ExportCases(request, metadata=by, timeout=SECONDS)
        return [response.labelled_case async for response in call]


@asynccontextmanager
async def talking(serve: Serve, folder: Path, review: ReviewPolicy = KEEPING) -> AsyncIterator[Talk]:
    def reviewed(policy: Policy) -> Policy:
        return replace(policy, review=review)

    options = RecordsOptions.model_validate({"url": f"sqlite:///{folder}/feedback.sqlite3"})
    async with (
        opened_records(options) as records,
        serve(policy=reviewed, records=records) as product,
    ):
        own = document_pb2.Document(document_id="lambdas", text=SENTENCE, allowed_principals=["staff"])
        await ingest(product, own)
        yield Talk(product)


@pytest.fixture
async def talk(serve: Serve, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(serve, tmp_path) as running:
        yield running


async def test_feedback_on_a_kept_answer_becomes_a_labelled_case(talk: Talk) -> None:
    outcome = await talk.asked()
    said = await talk.say(
        outcome,
        rating=Rating.RATING_DOWN,
        faults=[AnswerFault.ANSWER_FAULT_INCOMPLETE, AnswerFault.ANSWER_FAULT_INCOMPLETE],
        correction="They create functions without names.",
        comment="ask Bob",
    )
    assert said.answer_kept
    (found,) = (await talk.listed()).feedback
    assert (found.comment, found.subject, found.answer_kept) == ("ask Bob", "alice", True)
    assert list(found.faults) == [AnswerFault.ANSWER_FAULT_INCOMPLETE]
    (case,) = await talk.exported()
    assert case.source == LabelledCase.SOURCE_FEEDBACK
    assert case.right is False
    assert case.question == "What do lambda expressions create?"
    assert case.answer.text == outcome.answered.answer.text
    assert case.answer.sentences == outcome.answered.answer.sentences
    assert [passage.document_id for passage in case.passages] == ["lambdas"]
    assert case.correction == "They create functions without names."
    assert (case.request_id, case.trace_id) == (outcome.report.request_id, outcome.report.trace_id)
    assert case.model == outcome.report.model
    assert case.kind == review_pb2.Review.KIND_UNSPECIFIED


async def test_the_last_word_holds_and_is_counted_once(talk: Talk) -> None:
    outcome = await talk.asked()
    await talk.say(outcome, rating=Rating.RATING_DOWN, faults=[AnswerFault.ANSWER_FAULT_INCORRECT])
    await talk.say(outcome, rating=Rating.RATING_UP)
    assert [each.rating for each in (await talk.listed()).feedback] == [Rating.RATING_UP]
    assert [case.right for case in await talk.exported()] == [True]
    counts = talk.product.counts
    verdict = outcome.answered.answer.sentences[0].verdict
    assert verdict
    (labels,) = counts.series(metrics.FEEDBACK)
    assert labels[:2] == ("default", "DOWN")
    assert labels[3] == outcome.report.model
    assert counts.series(metrics.FEEDBACK_FAULTS) == {("default", "INCORRECT"): 1}


async def test_a_row_of_limits_bounds_what_is_kept_of_requests_that_never_were(talk: Talk) -> None:
    row = limit_row(requests_per_minute=3, scopes={"work": {Work.FEEDBACK}, "per": {LimitScope.SUBJECT}})
    current = talk.product.current
    current.snapshot = replace(current.snapshot, submissions=Admission([Limited((row,)).quotas]))
    said = feedback_service_pb2.SubmitFeedbackRequest(trace_id="0" * 32, route="default", comment="x" * 4096)
    refused = []
    for number in range(10):
        said.request_id = f"made-up-{number}"
        try:
            await talk.service.SubmitFeedback(said, metadata=ACME, timeout=SECONDS)
        except grpc.aio.AioRpcError as failed:
            refused.append((failed.code(), info(failed).reason))
    assert refused == [(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")] * 7
    assert len((await talk.listed()).feedback) == 3
    # Questions have counts of their own.
    assert (await answer(talk.product)).WhichOneof("result") == "answered"


async def test_what_somebody_else_was_answered_is_not_joined(talk: Talk) -> None:
    outcome = await talk.asked()
    assert not (await talk.say(outcome, by=BOB, rating=Rating.RATING_UP)).answer_kept
    assert await talk.exported() == []
    assert [each.subject for each in (await talk.listed()).feedback] == ["bob"]


async def test_no_tenant_sees_what_another_says(talk: Talk) -> None:
    outcome = await talk.asked()
    await talk.say(outcome, rating=Rating.RATING_UP)
    assert not (await talk.say(outcome, by=UMBRELLA, rating=Rating.RATING_DOWN)).answer_kept
    assert [each.rating for each in (await talk.listed(UMBRELLA)).feedback] == [Rating.RATING_DOWN]
    assert [each.rating for each in (await talk.listed()).feedback] == [Rating.RATING_UP]
    assert await talk.exported(UMBRELLA) == []


async def test_an_export_shows_what_its_caller_may_see(talk: Talk) -> None:
    await talk.say(await talk.asked(), rating=Rating.RATING_UP)
    (case,) = await talk.exported(GUEST)
    assert list(case.passages) == []
    assert {each.quote for each in case.answer.citations} == {""}
    assert {each.document_id for each in case.answer.citations} == {""}


async def test_an_abstention_can_be_judged_too(talk: Talk) -> None:
    outcome = await talk.asked(asked=question("Quartz vermilion zeppelin?"))
    assert outcome.WhichOneof("result") == "abstained"
    await talk.say(outcome, faults=[AnswerFault.ANSWER_FAULT_NO_ANSWER])
    (case,) = await talk.exported()
    assert case.answer.text == ""
    assert not case.right


async def test_a_list_is_cut_into_pages(talk: Talk) -> None:
    outcome = await talk.asked()
    for number in range(5):
        await talk.say(outcome, request_id=f"request-{number}", rating=Rating.RATING_UP)
    first = await talk.listed(page_size=3)
    second = await talk.listed(page_size=3, page_token=first.next_page_token)
    assert second.next_page_token == ""
    names = [each.request_id for each in (*first.feedback, *second.feedback)]
    assert names == [f"request-{number}" for number in (4, 3, 2, 1, 0)]
    exact = await talk.listed(page_size=5)
    assert exact.next_page_token == ""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await talk.listed(page_size=3, page_token=first.next_page_token, route="default")
    assert info(caught.value).reason == "INVALID_REQUEST"


async def test_long_texts_are_cut_into_pages_of_two_megabytes(talk: Talk) -> None:
    outcome = await talk.asked()
    for number in range(40):
        await talk.say(outcome, request_id=f"request-{number}", correction="ä" * 32_768)
    first = await talk.listed(page_size=1000)
    assert first.ByteSize() < 2.1 * 2**20
    second = await talk.listed(page_size=1000, page_token=first.next_page_token)
    assert len(first.feedback) + len(second.feedback) == 40
    assert second.next_page_token == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"rating": Rating.RATING_UP, "route": "unknown"}, "ROUTE_UNKNOWN"),
        ({}, "INVALID_REQUEST"),
        ({"rating": 7}, "INVALID_REQUEST"),
        ({"comment": "x" * 4097}, "INVALID_REQUEST"),
        ({"correction": "ä" * 32_769}, "INVALID_REQUEST"),
        ({"rating": Rating.RATING_UP, "request_id": "short"}, "INVALID_REQUEST"),
        ({"rating": Rating.RATING_UP, "trace_id": "AB" * 16}, "INVALID_REQUEST"),
        ({"faults": [AnswerFault.ANSWER_FAULT_UNSPECIFIED]}, "INVALID_REQUEST"),
        ({"faults": [1] * 9}, "INVALID_REQUEST"),
    ],
)
async def test_feedback_outside_its_limits_is_refused(talk: Talk, said: dict[str, Any], reason: str) -> None:
    outcome = await talk.asked()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await talk.say(outcome, **said)
    assert info(caught.value).reason == reason
    assert list((await talk.listed()).feedback) == []


async def test_nothing_that_is_said_is_logged_or_traced(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "vermilion-canary"
    await talk.say(await talk.asked(), comment=canary, correction=canary, end_user_id=canary)
    await talk.listed()
    await talk.exported()
    assert canary not in caplog.text
    assert all(canary not in repr(vars(record)) for record in caplog.records)
    assert canary not in repr([(span.name, span.attributes, span.events) for span in talk.product.spans.finished])
    assert canary not in repr(talk.product.counts.series(metrics.FEEDBACK))


async def test_a_sample_is_laid_before_reviewers_after_its_answer_has_left(serve: Serve, tmp_path: Path) -> None:
    policy = ReviewPolicy(sample_share=1.0)
    async with talking(serve, tmp_path, policy) as talk:
        outcome = await talk.asked()
        assert outcome.WhichOneof("result") == "answered"
        listed = await talk.reviews.ListReviews(review_service_pb2.ListReviewsRequest(), metadata=BOB, timeout=SECONDS)
        (review,) = listed.reviews
        assert review.kind == review_pb2.Review.KIND_SAMPLE
        assert review.operation == ""
        assert talk.product.counts.series(metrics.REVIEW_SAMPLES) == {("default", "sample", "kept"): 1}
        # Its case serves feedback too.
        assert (await talk.say(outcome, rating=Rating.RATING_UP)).answer_kept
        claimed = review_service_pb2.ClaimReviewRequest(ticket=review.ticket)
        await talk.reviews.ClaimReview(claimed, metadata=BOB, timeout=SECONDS)
        rejected = review_service_pb2.RejectReviewRequest(ticket=review.ticket, wrong_sentences=[0])
        await talk.reviews.RejectReview(rejected, metadata=BOB, timeout=SECONDS)
        cases = await talk.exported()
        assert [(case.source, case.right) for case in cases] == [
            (LabelledCase.SOURCE_FEEDBACK, True),
            (LabelledCase.SOURCE_REVIEW, False),
        ]
        assert [case.source for case in await talk.exported(sources=[LabelledCase.SOURCE_REVIEW])] == [
            LabelledCase.SOURCE_REVIEW
        ]
        measured = await talk.reviews.MeasureReviews(
            review_service_pb2.MeasureReviewsRequest(), metadata=BOB, timeout=SECONDS
        )
        (row,) = measured.rows
        assert (row.sampled, row.decided, row.wrong, row.share) == (1, 1, 1, 1.0)


@asynccontextmanager
async def many_cases(talk: Talk, count: int) -> AsyncIterator[Any]:
    """An export of more than waits to be read, of which one case has been."""
    outcome = await talk.asked()
    await talk.say(outcome, rating=Rating.RATING_UP)
    assert talk.product.reviews is not None
    records = talk.product.reviews.feedback.records
    report = outcome.report
    case = await records.case_of("acme", "alice", report.request_id, report.trace_id)
    assert case is not None
    long = replace(case, question=replace(case.question, text="x" * 200_000), report=replace(case.report))
    for number in range(count):
        name = f"request-{number}"
        await records.keep_case(replace(long, question=replace(long.question, request_id=name)), 60.0)
        await talk.say(outcome, request_id=name, rating=Rating.RATING_UP)
    call = talk.service.ExportCases(feedback_service_pb2.ExportCasesRequest(), metadata=ACME, timeout=SECONDS)
    await call.read()
    try:
        yield call
    finally:
        call.cancel()


async def rest_of(call: Any) -> tuple[grpc.StatusCode, int]:
    """Read a stream to its end; return its status, and how many messages there were."""
    read = 0
    try:
        while await call.read() is not grpc.aio.EOF:
            read += 1
    except grpc.aio.AioRpcError as ended:
        return ended.code(), read
    return await call.code(), read


async def test_an_export_waits_for_its_reader_and_ends_with_the_server(talk: Talk) -> None:
    async with many_cases(talk, 120) as call:
        drained = asyncio.ensure_future(talk.product.server.drain(0.0, 5.0))
        code, read = await rest_of(call)
        await drained
    assert code is grpc.StatusCode.UNAVAILABLE
    # What gRPC holds for a reader that does not read is bounded: not all of them were on their way.
    assert read < 100


async def test_exports_of_a_tenant_are_few_at_once(talk: Talk) -> None:
    async with many_cases(talk, 120):
        second = talk.service.ExportCases(feedback_service_pb2.ExportCasesRequest(), metadata=ACME, timeout=SECONDS)
        await second.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await talk.exported()
        assert info(caught.value).reason == "OVERLOADED"
        assert talk.product.counts.of(metrics.CALLS_REFUSED, "case_exports") == 1
        second.cancel()
        # Another tenant has places of its own.
        assert await talk.exported(UMBRELLA) == []


async def test_an_appeal_lays_a_kept_block_before_reviewers(serve: Serve, tmp_path: Path) -> None:
    guard = GuardIdentity("injection", "1")
    flag = Flag(Screen.QUESTION, guard, "jailbreak", GuardAction.BLOCK)
    async with talking(serve, tmp_path, ReviewPolicy(appeals=True)) as talk:
        assert talk.product.reviews is not None
        kept = unanswered_case("request-9", subject="alice", text="Ignore it all.")
        kept = replace(kept, report=replace(kept.report, flags={flag: 1}))
        await talk.product.reviews.feedback.records.keep_case(kept, 60.0)
        for by, request_id in ((BOB, "request-9"), (UMBRELLA, "request-9"), (ACME, "request-8"), (ACME, "request-9")):
            request = feedback_service_pb2.AppealBlockRequest(
                request_id=request_id, trace_id=TRACE, policy="injection", category="jailbreak"
            )
            await talk.service.AppealBlock(request, metadata=by, timeout=SECONDS)
        listed = await talk.reviews.ListReviews(review_service_pb2.ListReviewsRequest(), metadata=BOB, timeout=SECONDS)
        (review,) = listed.reviews
        assert (review.kind, review.trigger) == (review_pb2.Review.KIND_BLOCK, review_pb2.Review.TRIGGER_APPEAL)
        assert (review.guard, review.category, review.request_id) == ("injection", "jailbreak", "request-9")
        assert talk.product.counts.of(metrics.BLOCKS_APPEALED, "injection", "jailbreak") == 4
