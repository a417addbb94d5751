"""Whatever a provider does, the call ends OK, in time, with an outcome that names it and what was done instead."""

import asyncio
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    outcome_pb2,
)
from groundwire_server.adapters.providers.provider import FAILURES
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.upstream import Beat, Echo, Endless, Move, Pause, Reply, Reset, Stall, upstream
from tests.e2e.calls import answer, kept_text, kinds, stream
from tests.e2e.generation.conftest import Serve, Served, one_model
from tests.e2e.generation.drafts import DONE, SENTENCE, answers, chunk, event, segments, usage, writes

OPEN = segments(SENTENCE)[0]
BEGUN: list[Move] = [chunk("", role="assistant"), chunk(OPEN), Beat()]
"""A draft that has begun, and holds no whole segment."""

FIFTY_MEGABYTES: list[Move] = [b"x" * 500_000, Beat()] * 100

SIZES = {"response_bytes": 2_000_000, "event_bytes": 500_000}
BOUNDS = {
    "a head that does not come": {"first_token_seconds": 0.2},
    "a first token that does not come": {"first_token_seconds": 0.2},
    "a stall in the middle": {"silence_seconds": 0.2},
}
"""In seconds, of the faults that end by them alone: on a busy machine, any other would end by them too."""


@dataclass(frozen=True)
class Ends:
    """How the call ends."""

    result: str
    cause: str
    action: str
    next_step: str
    asked: int = 1


def passages(cause: str, asked: int = 1) -> Ends:
    """The passages are there in the answer's place."""
    return Ends("degraded", cause, "PASSAGES_ONLY", "SHOW_WITH_CAUTION", asked)


ANSWERED = Ends("answered", "ANSWER_VALIDATED", "ANSWER", "SHOW")
UNAVAILABLE, INTERRUPTED = passages("MODEL_UNAVAILABLE", 3), passages("MODEL_INTERRUPTED")
MISCONFIGURED, MALFORMED = passages("MODEL_MISCONFIGURED"), passages("OUTPUT_MALFORMED", 2)
JSON = (("Content-Type", "application/json"),)


def error(status: str, kind: str = "", **headers: str) -> Reply:
    """A refusal, as OpenAI words it."""
    body = json.dumps({"error": {"message": "SECRET words of the provider", "type": kind, "code": kind}}).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply([body], status, (*JSON, *named))


def whole(**draft: object) -> Reply:
    return Reply(writes(json.dumps(draft)))


def segment(text: str = SENTENCE, cites: Sequence[object] = ("p1",), **more: object) -> dict[str, object]:
    return {"text": text, "cites": cites, **more}


FAULTS: dict[str, tuple[Reply, Ends]] = {
    "reset before the head": (Reply([], before=[Reset()]), UNAVAILABLE),
    "reset before the first token": (Reply([Beat(), Reset()]), UNAVAILABLE),
    "reset in the middle": (Reply([*BEGUN, Reset()]), INTERRUPTED),
    "the end in the middle": (Reply(BEGUN), INTERRUPTED),
    "400": (error("400 Bad Request", "invalid_request_error"), MISCONFIGURED),
    "401": (error("401 Unauthorized", "invalid_api_key"), MISCONFIGURED),
    "403": (error("403 Forbidden"), MISCONFIGURED),
    "404": (error("404 Not Found", "model_not_found"), MISCONFIGURED),
    "408": (error("408 Request Timeout"), UNAVAILABLE),
    "409": (error("409 Conflict"), UNAVAILABLE),
    # Fewer passages are tried first; they are too many as well.
    "413": (error("413 Content Too Large"), passages("PROMPT_TOO_LONG", 2)),
    "a prompt over the context": (
        error("400 Bad Request", "context_length_exceeded"),
        passages("PROMPT_TOO_LONG", 2),
    ),
    "422": (error("422 Unprocessable Content"), MISCONFIGURED),
    "429": (error("429 Too Many Requests", "rate_limit_exceeded"), passages("MODEL_RATE_LIMITED", 3)),
    "429 with a Retry-After that fits": (
        error("429 Too Many Requests", "rate_limit_exceeded", Retry_After_Ms="20"),
        passages("MODEL_RATE_LIMITED", 3),
    ),
    "429 with a Retry-After that does not fit": (
        error("429 Too Many Requests", "rate_limit_exceeded", Retry_After="60"),
        passages("MODEL_RATE_LIMITED", 1),
    ),
    "quota exhausted": (error("429 Too Many Requests", "insufficient_quota"), passages("MODEL_QUOTA_EXHAUSTED")),
    "500": (error("500 Internal Server Error"), UNAVAILABLE),
    "502": (error("502 Bad Gateway"), UNAVAILABLE),
    "503": (error("503 Service Unavailable"), UNAVAILABLE),
    "529": (error("529 Overloaded", "overloaded_error"), UNAVAILABLE),
    "an error event at once": (Reply([event({"error": {"message": "SECRET"}})]), UNAVAILABLE),
    "an error event in the middle": (Reply([*BEGUN, event({"error": {"message": "SECRET"}})]), INTERRUPTED),
    "a web page": (Reply([b"<html>"], headers=(("Content-Type", "text/html"),)), MISCONFIGURED),
    "a head that does not come": (Reply([], before=[Stall()]), passages("MODEL_SLOW_START")),
    "a first token that does not come": (Reply([chunk("", role="assistant"), Stall()]), passages("MODEL_SLOW_START")),
    "a stall in the middle": (Reply([*BEGUN, Stall()]), INTERRUPTED),
    "one byte at a time": (
        Reply([bytes([byte]) for byte in b"".join(each for each in answers().body if isinstance(each, bytes))]),
        ANSWERED,
    ),
    "a body that never ends": (Reply([*BEGUN, Endless(chunk(" " * 4096))]), passages("OUTPUT_TOO_LONG", 2)),
    "signs of life that never end": (Reply([*BEGUN, Endless(b": keep-alive\n\n" * 512)]), INTERRUPTED),
    "a body of 50 MB": (Reply([b"data: ", *FIFTY_MEGABYTES, b"\n\n"]), UNAVAILABLE),
    "an error of 50 MB": (Reply(FIFTY_MEGABYTES, "500 Internal Server Error"), UNAVAILABLE),
    "invalid UTF-8": (Reply([*BEGUN, b'data: {"choices":[{"delta":{"content":"\xc3("}}]}\n\n']), INTERRUPTED),
    "broken frames": (Reply([*BEGUN, b'dat: {"a"\n\ndata {"choices"\n\n']), INTERRUPTED),
    "truncated JSON in an event": (Reply([*BEGUN, b'data: {"choices":[{"delta":\n\n']), INTERRUPTED),
    "wrong types in an event": (Reply([*BEGUN, event({"choices": "x"})]), INTERRUPTED),
    "missing fields in every event": (Reply([event({}), event({"choices": [{}]})]), UNAVAILABLE),
    "truncated JSON in the draft": (Reply(writes('{"confidence": "high", "segments": [{"te')), MALFORMED),
    "wrong types in the draft": (whole(confidence="high", segments=[segment(cites=[{"id": "p1"}])]), MALFORMED),
    "missing fields in the draft": (whole(confidence="high", segments=[{"text": SENTENCE}]), MALFORMED),
    "a field too many in the draft": (whole(confidence="high", segments=[segment(more=1)]), MALFORMED),
    "an empty answer": (Reply(writes()), passages("OUTPUT_EMPTY")),
    "no segments": (
        whole(confidence="low", segments=[]),
        Ends("abstained", "MODEL_ABSTAINED", "ABSTAIN", "REPHRASE"),
    ),
    "an unknown confidence": (whole(confidence="certain", segments=[segment()]), MALFORMED),
    "a confidence that the route refuses": (
        whole(confidence="low", segments=[segment()]),
        Ends("abstained", "CONFIDENCE_NOT_ALLOWED", "ABSTAIN", "REPHRASE"),
    ),
    "citations to unknown chunks": (
        whole(confidence="high", segments=[segment(cites=["p77"])]),
        passages("CITATION_UNKNOWN", 2),
    ),
    "no citations": (
        whole(confidence="high", segments=[segment("Bananas ripen quickly.", cites=[])]),
        passages("CITATION_MISSING", 2),
    ),
    "words of nowhere": (
        whole(confidence="high", segments=[segment("Bananas ripen quickly.")]),
        passages("UNSUPPORTED", 2),
    ),
    "an invention": (
        whole(confidence="high", segments=[segment("Lambda calculus was invented by Church.")]),
        passages("UNSUPPORTED", 2),
    ),
    "prose instead of JSON": (Reply(writes("Sure! ", SENTENCE)), MALFORMED),
    "JSON in a code fence": (Reply(writes("```json\n", *segments(SENTENCE), "\n```")), ANSWERED),
    "JSON between words": (Reply(writes("Sure!\n", *segments(SENTENCE), "\nI hope this helps!")), ANSWERED),
    "thoughts before JSON": (Reply(writes("<think>It is", ' in {"p1"}.</th', "ink>\n", *segments(SENTENCE))), ANSWERED),
    "thoughts without an end": (Reply(writes("<think>It is in", ' {"p1"}.')), passages("OUTPUT_EMPTY")),
    "a confidence in capitals": (whole(confidence="HIGH ", segments=[segment()]), ANSWERED),
    "citations of other forms": (
        whole(confidence="high", segments=[segment(cites=["[p1]", "P1", 1])]),
        ANSWERED,
    ),
    "a citation in the text": (whole(confidence="high", segments=[segment(f"{SENTENCE[:-1]} [p1].")]), ANSWERED),
    "a citation in the text alone": (
        whole(confidence="high", segments=[segment(f"[p1] {SENTENCE} (p1)", cites=[])]),
        ANSWERED,
    ),
    "counts of tokens that count nothing": (
        Reply(
            [event({"usage": {}, "choices": [{"delta": {"content": piece}}]}) for piece in segments(SENTENCE)]
            + [event({"usage": {"prompt_tokens": "many"}, "choices": [{"finish_reason": "stop"}]}), DONE]
        ),
        ANSWERED,
    ),
    "an end that is kept open": (
        Reply([chunk(piece) for piece in segments(SENTENCE)] + [chunk(reason="stop"), Stall()]),
        ANSWERED,
    ),
    "an error that is an event": (
        Reply([event({"object": "error", "message": "SECRET: the maximum context length is 9", "code": 400})]),
        passages("PROMPT_TOO_LONG", 2),
    ),
    "a limit that is lifted later": (
        error("429 Too Many Requests", x_ratelimit_reset_requests="6m0s"),
        passages("MODEL_RATE_LIMITED"),
    ),
    "a stream that is called a document": (Reply(answers().body, headers=JSON), ANSWERED),
    "a document of another protocol": (Reply([b'{"result": "SECRET"}'], headers=JSON), MISCONFIGURED),
    "a refusal": (
        Reply([chunk(refusal="SECRET I cannot help with that."), chunk(reason="stop"), DONE]),
        passages("MODEL_REFUSED"),
    ),
    "a content filter": (Reply([*BEGUN, chunk(reason="content_filter"), DONE]), passages("MODEL_CONTENT_FILTERED")),
    "a length stop": (Reply(writes(OPEN, reason="length")), passages("OUTPUT_CUT_OFF", 2)),
    "a tool call instead of content": (
        Reply(
            [
                chunk(tool_calls=[{"index": 0, "function": {"name": "grounded_answer", "arguments": "{}"}}]),
                chunk(reason="tool_calls"),
                usage(),
                DONE,
            ]
        ),
        MALFORMED,
    ),
    "two choices": (
        Reply(
            [
                *(
                    event(
                        {
                            "choices": [
                                {"index": 1, "delta": {"content": "Bananas"}, "finish_reason": None},
                                {"index": 0, "delta": {"content": piece}, "finish_reason": None},
                            ]
                        }
                    )
                    for piece in segments(SENTENCE)
                ),
                chunk(reason="stop"),
                usage(),
                DONE,
            ]
        ),
        ANSWERED,
    ),
    "an echo of the prompt": (
        Reply([Echo(lambda body: chunk(json.loads(body)["messages"][1]["content"])), chunk(reason="stop"), DONE]),
        MALFORMED,
    ),
    "an echo of the instructions in the form of an answer": (
        Reply(
            [
                Echo(lambda body: chunk("".join(segments(json.loads(body)["messages"][0]["content"])))),
                chunk(reason="stop"),
                DONE,
            ]
        ),
        passages("PROMPT_LEAKED"),
    ),
    "an echo of the question and the passages in the form of an answer": (
        Reply(
            [
                Echo(lambda body: chunk("".join(segments(json.loads(body)["messages"][1]["content"])))),
                chunk(reason="stop"),
                DONE,
            ]
        ),
        passages("PROMPT_LEAKED"),
    ),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_provider_ends_in_its_outcome(configured: Serve, fault: str, streamed: bool) -> None:
    reply, ends = FAULTS[fault]
    # Nothing is said of this server's form, so that it may wrap it in a fence.
    async with upstream(reply) as double:
        sections = one_model(double, bounds={**SIZES, **BOUNDS.get(fault, {})}, output="prompt")
        async with configured(sections) as served:
            outcome = await ended(served, ends, streamed=streamed)
        assert len(double.requests) == ends.asked
        await asyncio.wait_for(double.idle.wait(), 5.0)
        # Of fifty megabytes no more than what was on its way when enough had been read, each time it was asked.
        assert double.sent < 10_000_000 * ends.asked
    assert "SECRET" not in str(outcome)


async def ended(served: Served, ends: Ends, *, streamed: bool) -> outcome_pb2.Outcome:
    """Ask, and hold the outcome to what it must be."""
    events: list[answer_service_pb2.StreamAnswerResponse] = []
    if streamed:
        events = await stream(served)
        outcome = events[-1].outcome
    else:
        outcome = await answer(served)
    said = (
        outcome.WhichOneof("result"),
        cause_pb2.Cause.Name(outcome.cause).removeprefix("CAUSE_"),
        outcome_pb2.Action.Name(outcome.action).removeprefix("ACTION_"),
        outcome_pb2.NextStep.Name(outcome.next_step).removeprefix("NEXT_STEP_"),
    )
    assert said == (ends.result, ends.cause, ends.action, ends.next_step)
    if ends.result == "answered":
        assert outcome.answered.answer.text == SENTENCE
    if ends.result == "degraded":
        # The evidence stands in: best first, and nothing of what the model wrote.
        assert outcome.degraded.passages[0].text == SENTENCE
        assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_ANSWER]
    if streamed:
        assert kept_text(events) == (SENTENCE if ends.result == "answered" else "")
        assert kinds(events)[-1] == "outcome"
    assert "SECRET" not in served.spans.everything()
    return outcome


async def unreachable(
    served: Serve, url: str, ends: Ends, bounds: dict[str, float] | None = None, **settings: Any
) -> None:
    sections = one_model(url, bounds=bounds or {})
    sections["providers"]["cloud"].update(settings)
    async with served(sections) as running:
        for streamed in (False, True):
            await ended(running, ends, streamed=streamed)
            running.spans.clear()


async def test_a_connection_that_is_refused(configured: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        await unreachable(configured, f"http://127.0.0.1:{taken.getsockname()[1]}/v1", UNAVAILABLE)


async def test_a_name_that_is_not_known(configured: Serve) -> None:
    await unreachable(configured, "http://no-such-host.invalid/v1", UNAVAILABLE)


async def test_a_certificate_that_is_not_trusted(configured: Serve) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with upstream(answers(), tls=context) as double:
        await unreachable(configured, f"https://127.0.0.1:{double.port}/v1", MISCONFIGURED)
        assert not double.requests


async def test_a_certificate_of_an_authority_of_ones_own_is_trusted(configured: Serve, tmp_path: Any) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with upstream(answers(), tls=context) as double:
        url = f"https://127.0.0.1:{double.port}/v1"
        await unreachable(configured, url, ANSWERED, ca_file=str(tmp_path / "ca.pem"))


async def test_plain_text_where_tls_should_be(configured: Serve) -> None:
    async with upstream(answers()) as double:
        url = f"https://127.0.0.1:{double.port}/v1"
        await unreachable(configured, url, UNAVAILABLE, bounds={"connect_seconds": 0.2})


@pytest.mark.parametrize(
    ("first", "cause"),
    [
        (Reply([], before=[Reset()]), Cause.MODEL_UNAVAILABLE),
        (error("500 Internal Server Error"), Cause.MODEL_UNAVAILABLE),
        (error("429 Too Many Requests", Retry_After_Ms="20"), Cause.MODEL_RATE_LIMITED),
    ],
    ids=["reset", "500", "429 with a Retry-After that fits"],
)
async def test_what_passes_by_itself_is_an_answer(configured: Serve, first: Reply, cause: Cause) -> None:
    assert cause in FAILURES.retryable
    async with upstream(first, answers()) as double, configured(one_model(double)) as served:
        await ended(served, ANSWERED, streamed=False)
        (asked,) = served.spans.events("chat cloud-test")
        assert asked["groundwire.cause"] == cause
        assert len(double.requests) == 2


async def test_a_slow_answer_within_its_bounds_is_an_answer(configured: Serve) -> None:
    slow: list[Move] = []
    for move in answers().body:
        slow += [move, Pause(0.01)]
    async with upstream(Reply(slow)) as double, configured(one_model(double)) as served:
        await ended(served, ANSWERED, streamed=True)
