"""A model fails after verified text has left: it stands, and the next model continues it to one answer."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import (
    cause_pb2,
    event_pb2,
    grounding_pb2,
    outcome_pb2,
)
from groundwire.v1.answer_service_pb2 import StreamAnswerRequest, StreamAnswerResponse
from tests.doubles.upstream import Beat, Echo, Move, Reply, Reset, Stall
from tests.e2e.calls import ACME, answer, ingest, kept_text, kinds, question, stream
from tests.e2e.generation.conftest import Serve, Served, two, two_models
from tests.e2e.generation.drafts import DONE, SECOND, SENTENCE, chunk, cited, event, segments, writes
from tests.e2e.generation.test_faults import error

FIRST = "Lambda expressions créent des fonctions naïves — λ."
"""It has fewer code points than bytes, so that what follows begins at two numbers."""

QUICK: dict[str, Any] = {"bounds": {"silence_seconds": 0.1}, "retry": {"max_attempts": 1}}
PASSING = (FIRST, SENTENCE, SECOND)


def writing(*texts: str, pieces: int | None = None) -> Echo:
    """The beginning of a draft that cites the prompt's passages: so many pieces of it, the opening among them."""
    return Echo(lambda body: chunk("".join(cited(body, *texts)[:pieces])))


POINTS: dict[str, tuple[list[Move], Sequence[str]]] = {
    "after one segment": ([writing(*PASSING, pieces=2), Beat()], PASSING[:1]),
    "within the second segment": (
        [writing(*PASSING, pieces=2), chunk(', {"text": "Lambda expre'), Beat()],
        PASSING[:1],
    ),
    "after two segments": ([writing(*PASSING, pieces=3), Beat()], PASSING[:2]),
    "after the last segment": ([writing(*PASSING, pieces=4), Beat()], PASSING),
    "after the whole draft": ([writing(*PASSING), Beat()], PASSING),
}
UNSUPPORTED = json.dumps({"text": "Church invented lambda calculus.", "cites": ["p1"]})
BREAKS: dict[str, tuple[list[Move], str]] = {
    "a reset": ([Reset()], "MODEL_INTERRUPTED"),
    "the end": ([], "MODEL_INTERRUPTED"),
    "a stall": ([Stall()], "MODEL_INTERRUPTED"),
    "an error event": ([event({"error": {"message": "SECRET"}})], "MODEL_INTERRUPTED"),
    "a broken event": ([b'data: {"choices":[{"delta":\n\n'], "MODEL_INTERRUPTED"),
    "a length stop": ([chunk(reason="length"), DONE], "OUTPUT_CUT_OFF"),
    "a draft cut off": ([chunk(reason="stop"), DONE], "OUTPUT_MALFORMED"),
    "a content filter": ([chunk(reason="content_filter"), DONE], "MODEL_CONTENT_FILTERED"),
    "a refusal": ([chunk(refusal="SECRET"), DONE], "MODEL_REFUSED"),
}
WHOLE = {"a length stop", "a draft cut off"}
"""What is no fault where the draft is whole."""

CASES = [
    (point, fault) for point in POINTS for fault in BREAKS if point != "after the whole draft" or fault not in WHOLE
]


async def asked(served: Served, **fields: Any) -> list[StreamAnswerResponse]:
    await ingest(served, ("naive", FIRST))
    return await stream(served, **fields)


def held(events: Sequence[StreamAnswerResponse], given: grounding_pb2.GroundedText, texts: Sequence[str]) -> None:
    """Hold a stream to the rule of its deltas and to the places of its citations, and both to the answer's."""
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    assert [*kinds(events[:2]), *kinds(events[-1:])] == ["started", "evidence", "outcome"]
    told = ""
    for each in events[2:-1]:
        # A citation follows what it is about; segments that came as one are told as one.
        assert each.HasField("text_delta") or each.citation.quote in told
        told += each.text_delta.text
    assert all(
        each.text_delta.assurance == event_pb2.TextDelta.ASSURANCE_VERIFIED
        for each in events
        if each.HasField("text_delta")
    )
    assert kept_text(events) == given.text == " ".join(texts)
    assert [each.citation for each in events if each.HasField("citation")] == list(given.citations)
    for citation, text in zip(given.citations, texts, strict=True):
        span = citation.span
        assert given.text[span.start_code_point : span.end_code_point] == text
        assert given.text.encode()[span.start_byte : span.end_byte].decode() == text
        assert citation.quote == text
    last = given.citations[-1].span
    assert len(texts) == 1 or last.start_byte > last.start_code_point


@pytest.mark.parametrize(("point", "fault"), CASES)
async def test_the_next_model_continues_what_stands(configured: Serve, point: str, fault: str) -> None:
    begun, stood = POINTS[point]
    moves, cause = BREAKS[fault]
    # It says all of it again: what stands is dropped.
    again = Reply([writing(*PASSING), chunk(reason="stop"), DONE])
    async with two([Reply([*begun, *moves])], [again]) as (first, second):
        async with configured(two_models(first, second, **QUICK)) as served:
            events = await asked(served)
        outcome = events[-1].outcome
        held(events, outcome.degraded.answer, PASSING)
        assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
        assert (outcome.action, outcome.next_step) == (
            outcome_pb2.ACTION_NEXT_MODEL,
            outcome_pb2.NEXT_STEP_SHOW_WITH_CAUTION,
        )
        assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_SIMPLER_MODEL]
        assert (outcome.report.model, outcome.report.attempts) == ("small", 2)
        prompt = json.loads(second.requests[0].body)["messages"][1]["content"]
        given = re.split(r"</?given-\w+>", prompt)[1].strip("\n").splitlines()
        assert [json.loads(line)["text"] for line in given] == list(stood)
        assert "SECRET" not in served.spans.everything()
        assert [each.get("groundwire.prompt.segments_given") for each in served.spans.each("groundwire.prompt")] == [
            None,
            len(stood),
        ]


@pytest.mark.parametrize(
    ("then", "cause"),
    [
        (error("500 Internal Server Error"), "MODEL_UNAVAILABLE"),
        (Reply([writing(SENTENCE, pieces=1), Stall()]), "MODEL_INTERRUPTED"),
        (Reply(writes(*segments("Bananas ripen quickly."))), "UNSUPPORTED"),
        (Reply(writes("Sure!")), "OUTPUT_MALFORMED"),
        (Reply(writes(*segments(confidence="low"))), "MODEL_ABSTAINED"),
    ],
    ids=["away", "stalled", "invented", "prose", "abstained"],
)
async def test_the_answer_is_cut_short_where_the_next_model_fails_too(
    configured: Serve, then: Reply, cause: str
) -> None:
    begun, _ = POINTS["after one segment"]
    async with two([Reply([*begun, Reset()])], [then]) as (first, second):
        made = two_models(first, second, **QUICK)
        made["models"]["small"].update(QUICK)
        async with configured(made) as served:
            events = await asked(served)
    outcome = events[-1].outcome
    held(events, outcome.degraded.answer, [FIRST])
    assert (cause_pb2.Cause.Name(outcome.cause), outcome.action) == (f"CAUSE_{cause}", outcome_pb2.ACTION_CUT_SHORT)
    assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_REST_OF_ANSWER]
    # A sentence is repaired first, once.
    assert (outcome.report.model, outcome.report.attempts) == ("large", 3 if cause == "UNSUPPORTED" else 2)


async def test_a_third_model_continues_the_second(configured: Serve) -> None:
    begun, _ = POINTS["after one segment"]
    then = Reply([writing(SENTENCE, pieces=2), Beat(), Reset()])
    rest = Reply([writing(SECOND), chunk(reason="stop"), DONE])
    async with two([Reply([*begun, Reset()])], [then, rest]) as (first, second):
        made = two_models(first, second, **QUICK)
        made["models"]["last"] = {**made["models"]["small"], "model": "last-test"}
        made["routes"]["default"]["models"] = ["large", "small", "last"]
        async with configured(made) as served:
            events = await asked(served)
    outcome = events[-1].outcome
    held(events, outcome.degraded.answer, PASSING)
    assert (outcome.report.model, outcome.report.attempts) == ("last", 3)


@pytest.mark.parametrize("row", [[], ["ABSTAIN"], ["PASSAGES_ONLY", "NEXT_MODEL"]], ids=["none", "another", "too late"])
async def test_the_routes_table_says_whether_it_is_continued(configured: Serve, row: list[str]) -> None:
    begun, _ = POINTS["after one segment"]
    route = {"fallbacks": {"MODEL_INTERRUPTED": row}}
    async with two([Reply([*begun, Reset()])], [Reply([writing(*PASSING)])]) as (first, second):
        async with configured(two_models(first, second, route=route, **QUICK)) as served:
            outcome = (await asked(served))[-1].outcome
        assert outcome.action == outcome_pb2.ACTION_CUT_SHORT
        assert not second.requests


async def test_where_nothing_has_left_the_next_model_writes_anew(configured: Serve) -> None:
    begun, _ = POINTS["after one segment"]
    anew = Reply([writing(SECOND), chunk(reason="stop"), DONE])
    async with two([Reply([*begun, Reset()])], [anew]) as (first, second):
        async with configured(two_models(first, second, **QUICK)) as served:
            await ingest(served, ("naive", FIRST))
            unary = await answer(served)
            events = await stream(served, mode=event_pb2.STREAM_MODE_PROVISIONAL)
        assert unary.degraded.answer.text == events[-1].outcome.degraded.answer.text == kept_text(events) == SECOND
        assert kinds(events).count("retraction") == 1
        assert all(b"<given-" not in request.body for request in second.requests)


@pytest.mark.parametrize("read", range(1, 10))
async def test_a_continued_stream_is_resumed_after_any_event(configured: Serve, read: int) -> None:
    begun, _ = POINTS["within the second segment"]
    rest = Reply([writing(SENTENCE, pieces=2), Beat(), chunk(reason="length"), DONE])
    last = Reply([writing(SECOND), chunk(reason="stop"), DONE])
    async with two([Reply([*begun, Stall()])], [rest, last]) as (first, second):
        made = two_models(first, second, **QUICK)
        made["models"]["last"] = {**made["models"]["small"], "model": "last-test"}
        made["routes"]["default"]["models"] = ["large", "small", "last"]
        async with configured(made) as served:
            await ingest(served, ("naive", FIRST))
            request = StreamAnswerRequest(
                question=question(), request_id="request-0042", resume_window=Duration(seconds=30)
            )
            call = served.answers.StreamAnswer(request, metadata=ACME, timeout=30)
            events: list[StreamAnswerResponse] = []
            async for each in call:
                events.append(each)
                if len(events) == read:
                    break
            call.cancel()
            request.after_sequence = read
            events += [each async for each in served.answers.StreamAnswer(request, metadata=ACME, timeout=30)]
        held(events, events[-1].outcome.degraded.answer, PASSING)
        assert (len(first.requests), len(second.requests)) == (1, 2)
