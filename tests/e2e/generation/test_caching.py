"""Earlier answers over gRPC: served at once, standing in, and never to somebody who may not see what they quote."""

import asyncio
from typing import Any

import pytest

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    document_pb2,
    document_service_pb2,
    erasure_pb2,
    event_pb2,
    outcome_pb2,
    record_service_pb2,
    report_pb2,
)
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from tests.doubles.upstream import Pause, Reply, Upstream, upstream
from tests.e2e.calls import ACME, answer, ingest, kept_text, kinds, question, routes, stream
from tests.e2e.generation.conftest import Serve, one_model
from tests.e2e.generation.drafts import SENTENCE, answers, segments, writes

DOWN = Reply([], "503 Service Unavailable")
KEYS = outcome_pb2.Cached


def sections(double: Upstream, *, serve_fresh: bool = True, **cache: Any) -> dict[str, Any]:
    return one_model(double, route={"cache": {"serve_fresh": serve_fresh, **cache}}, retry={"max_attempts": 1})


async def test_a_second_call_is_served_without_a_model(configured: Serve) -> None:
    async with upstream(answers()) as double, configured(sections(double)) as served:
        first = await answer(served)
        second = await answer(served)
        (route,) = (await routes(served)).routes
        assert len(double.requests) == 1
        spans = served.spans.each("groundwire.cache")
    assert second.WhichOneof("result") == "cached"
    assert second.cached.answer == first.answered.answer
    assert set(second.cached.keyed_on) >= {
        KEYS.KEY_QUESTION,
        KEYS.KEY_PRINCIPALS,
        KEYS.KEY_CORPUS_VERSION,
        KEYS.KEY_CITED_PASSAGES,
    }
    assert (second.cause, second.action) == (cause_pb2.CAUSE_ANSWER_VALIDATED, outcome_pb2.ACTION_CACHED_ANSWER)
    assert second.next_step == outcome_pb2.NEXT_STEP_SHOW
    assert report_pb2.STAGE_CACHE in {each.stage for each in second.report.stages}
    assert not second.report.usage
    assert [each["groundwire.cache"] for each in spans] == ["MISS", "HIT"]
    assert route.serves_cached


@pytest.mark.parametrize("mode", [event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL])
async def test_a_stream_is_served_too(configured: Serve, mode: event_pb2.StreamMode) -> None:
    async with upstream(answers()) as double, configured(sections(double)) as served:
        await answer(served)
        events = await stream(served, mode=mode)
        assert len(double.requests) == 1
    assert kinds(events) == ["started", "evidence", "text_delta", "citation", "outcome"]
    assert kept_text(events) == events[-1].outcome.cached.answer.text == SENTENCE


async def test_a_call_that_comes_meanwhile_shares_the_answer(configured: Serve) -> None:
    slowly = Reply([Pause(1.0), *writes(*segments(SENTENCE))])
    async with upstream(slowly) as double, configured(sections(double)) as served:
        outcomes = await asyncio.gather(*[answer(served) for _ in range(3)])
        assert len(double.requests) == 1
    assert sorted(each.WhichOneof("result") or "" for each in outcomes) == ["answered", "cached", "cached"]


async def test_an_earlier_answer_stands_in_when_the_model_is_down(configured: Serve) -> None:
    async with upstream(answers(), DOWN) as double, configured(sections(double, serve_fresh=False)) as served:
        first = await answer(served)
        second = await answer(served)
        (route,) = (await routes(served)).routes
    assert second.cached.answer == first.answered.answer
    assert (second.cause, second.action) == (cause_pb2.CAUSE_MODEL_UNAVAILABLE, outcome_pb2.ACTION_CACHED_ANSWER)
    assert second.next_step == outcome_pb2.NEXT_STEP_SHOW_WITH_CAUTION
    assert not route.serves_cached


@pytest.mark.parametrize("valid_while", ["CORPUS_UNCHANGED", "CITED_UNCHANGED"])
@pytest.mark.parametrize(
    "document",
    [
        document_pb2.Document(document_id="lambdas", text=SENTENCE, allowed_principals=["board"]),
        document_pb2.Document(document_id="lambdas", text=f"{SENTENCE} Always.", allowed_principals=["*"]),
    ],
    ids=["access withdrawn", "another text"],
)
async def test_it_is_served_no_more_once_a_document_that_it_quotes_has_changed(
    configured: Serve, valid_while: str, document: document_pb2.Document
) -> None:
    async with upstream(answers()) as double, configured(sections(double, valid_while=valid_while)) as served:
        await answer(served)
        await ingest(served, document)
        again = await answer(served)
    assert again.WhichOneof("result") != "cached"


async def test_other_principals_get_an_answer_of_their_own(configured: Serve) -> None:
    async with upstream(answers()) as double, configured(sections(double)) as served:
        await answer(served)
        metadata = (*ACME[:2], ("groundwire-principals", "board"))
        request = answer_service_pb2.AnswerRequest(question=question())
        response = await served.answers.Answer(request, metadata=metadata, timeout=10)
        assert len(double.requests) == 2
    assert response.outcome.WhichOneof("result") == "answered"


async def test_a_change_of_the_model_ends_what_it_has_answered(configured: Serve) -> None:
    async with upstream(answers()) as double, configured(sections(double)) as served:
        await answer(served)
        assert await served.reconfigured({**sections(double), "tenants": ["acme"]})
        assert (await answer(served)).WhichOneof("result") == "cached"
        changed = sections(double)
        changed["models"]["large"]["temperature"] = 0.7
        assert await served.reconfigured(changed)
        assert (await answer(served)).WhichOneof("result") == "answered"
        assert served.spans.each("groundwire.cache")[-1]["groundwire.cache.staleness"] == "MODELS"


async def test_an_erasure_reaches_the_answer_that_is_being_written_meanwhile(configured: Serve) -> None:
    slowly = Reply([Pause(1.0), *writes(*segments(SENTENCE))])
    erasing = document_service_pb2.EraseDocumentsRequest(
        target=erasure_pb2.ErasureTarget(document_id="lambdas"), force=True
    )
    everything = record_service_pb2.InvalidateAnswersRequest(tenant=erasure_pb2.EntireTenant())
    async with upstream(slowly) as double, configured(sections(double)) as served:
        first = asyncio.create_task(answer(served))
        await double.busy(1)
        assert (await served.documents.EraseDocuments(erasing, metadata=ACME)).receipt.complete
        assert (await first).WhichOneof("result") == "answered"
        left = await RecordServiceStub(served.channel).InvalidateAnswers(everything, metadata=ACME, timeout=10)
    assert left.count == 0
