"""Whatever a provider does, a call of a checker ends in a failure, in time, and in words of our own."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.checking_model import (
    JSON,
    PROTOCOLS,
    SECRET_PASSAGE,
    SECRET_SENTENCE,
    asked,
    reply,
    said,
    whole,
    wired,
)
from tests.doubles.upstream import Beat, Endless, Raw, Reply, Reset, Stall, Until

SECRETS = (SECRET_PASSAGE, SECRET_SENTENCE, "SECRET-BODY")


def question(number: float | str | None, **more: Any) -> Reply:
    return said({"answers": [{"type": "predicate", "name": "s1", "probability": number, **more}]})


def noul(number: float | str | None, mass: object = None) -> Reply:
    return said({"answers": {"s1": {"noul": number}}, "diagnostics": {"s1": {"label_mass": mass}}})


def labelled(*rows: Any) -> Reply:
    return said(list(rows))


def entailment(number: float | str) -> dict[str, Any]:
    return {"label": "entailment", "score": number}


def classes(*probs: Any, index: int = 0) -> Reply:
    return said({"data": [{"index": index, "label": "x", "probs": list(probs), "num_classes": 2}]})


def judgement(text: str, reason: str = "stop", **message: Any) -> Reply:
    choice = {"index": 0, "message": {"content": text, **message}, "finish_reason": reason}
    return said({"choices": [choice], "usage": {"prompt_tokens": 4, "completion_tokens": 2}})


REPLIES: dict[str, dict[str, tuple[Reply, str]]] = {
    "decisions": {
        "no body": (whole(), "UNREADABLE"),
        "words": (whole(b"SECRET-BODY"), "UNREADABLE"),
        "a list": (whole(b"[]"), "UNREADABLE"),
        "no answers": (said({}), "UNREADABLE"),
        "answers of another type": (said({"answers": 7}), "UNREADABLE"),
        "an answer without a name": (said({"answers": [{"probability": 0.5}]}), "UNREADABLE"),
        "no probability": (question(None), "UNREADABLE"),
        "a word": (question("SECRET-BODY"), "UNREADABLE"),
        "a truth value": (question(True), "UNREADABLE"),
        "no answer": (said({"answers": []}), "COUNT"),
        "an answer too many": (said({"answers": [{"name": "s1", "probability": 1}] * 2}), "COUNT"),
        "another name": (said({"answers": [{"name": "s2", "probability": 1}]}), "COUNT"),
        "not a number": (whole(b'{"answers": [{"name": "s1", "probability": NaN}]}'), "NO_PROBABILITY"),
        "infinite": (whole(b'{"answers": [{"name": "s1", "probability": Infinity}]}'), "NO_PROBABILITY"),
        "above 1": (question(1.5), "NO_PROBABILITY"),
        "below 0": (question(-0.5), "NO_PROBABILITY"),
        "an error with a status of 200": (said({"error": {"message": "SECRET-BODY"}}), "MODEL_UNAVAILABLE"),
        "deeply nested": (whole(b"[" * 100_000), "UNREADABLE"),
        "truncated": (whole(b'{"answers": [{"name": "s1", "prob'), "UNREADABLE"),
        "two probabilities": (
            whole(b'{"answers": [{"name": "s1", "probability": 0.1, "probability": 0.9}]}'),
            "UNREADABLE",
        ),
        "invalid UTF-8": (whole(b'{"answers": "\xff"}'), "UNREADABLE"),
    },
    "systemone": {
        "an answer twice": (whole(b'{"answers": {"s1": {"noul": 0.1}, "s1": {"noul": 0.9}}}'), "UNREADABLE"),
        "no answer": (said({"answers": {}}), "COUNT"),
        "an answer too many": (said({"answers": {"s1": {"noul": 1}, "s2": {"noul": 1}}}), "COUNT"),
        "a list": (said({"answers": [1]}), "UNREADABLE"),
        "no number": (said({"answers": {"s1": {}}}), "UNREADABLE"),
        "a word": (noul("yes"), "UNREADABLE"),
        "above 1": (noul(7), "NO_PROBABILITY"),
        "a mass above 1": (noul(0.5, 7), "NO_PROBABILITY"),
        "a mass of another type": (noul(0.5, "SECRET-BODY"), "UNREADABLE"),
    },
    "judge": {
        "prose": (judgement("SECRET-BODY"), "UNREADABLE"),
        "an empty object": (judgement("{}"), "COUNT"),
        "an answer of another form": (judgement('{"confidence": "high", "segments": []}'), "COUNT"),
        "a list": (judgement('{"s1": ["yes"]}'), "UNREADABLE"),
        "two objects": (judgement('{"s1": "yes"} No: {"s1": "no"}'), "UNREADABLE"),
        "a third word": (judgement('{"s1": "maybe"}'), "UNREADABLE"),
        "another id": (judgement('{"s7": "yes"}'), "COUNT"),
        "deeply nested": (judgement('{"s1": ' * 5000), "UNREADABLE"),
        "cut off": (judgement('{"s1": "ye', "length"), "OUTPUT_CUT_OFF"),
        "a refusal": (judgement("", refusal="SECRET-BODY"), "MODEL_REFUSED"),
        "filtered": (judgement("", "content_filter"), "MODEL_CONTENT_FILTERED"),
        "a web page": (Reply([b"<html>"], headers=(("Content-Type", "text/html"),)), "MODEL_MISCONFIGURED"),
    },
    "tei": {
        "no rows": (labelled(), "COUNT"),
        "a row too many": (labelled([entailment(1)], [entailment(1)]), "COUNT"),
        "no such label": (labelled([{"label": "LABEL_0", "score": 1}]), "NO_SUCH_CLASS"),
        "no score": (labelled([{"label": "entailment"}]), "UNREADABLE"),
        "a label twice": (labelled([entailment(0.1), entailment(0.9)]), "NO_SUCH_CLASS"),
        "a raw score": (labelled([entailment(4.2)]), "NO_PROBABILITY"),
        "a word": (labelled([entailment("SECRET-BODY")]), "UNREADABLE"),
        "a number": (labelled(1), "UNREADABLE"),
        "an object": (said({"label": "entailment"}), "UNREADABLE"),
    },
    "vllm_classify": {
        "no data": (said({"data": []}), "COUNT"),
        "another index": (classes(0.1, 0.9, index=5), "COUNT"),
        "fewer classes": (classes(0.5), "NO_SUCH_CLASS"),
        "raw scores": (classes(-3, 4), "NO_PROBABILITY"),
        "words": (classes("a", "b"), "UNREADABLE"),
        "embeddings": (said({"data": [{"index": 0, "embedding": [1]}]}), "UNREADABLE"),
    },
    "vllm_score": {
        "no data": (said({"data": []}), "COUNT"),
        "a score too many": (said({"data": [{"index": 0, "score": 1}, {"index": 1, "score": 1}]}), "COUNT"),
        "a raw score": (said({"data": [{"index": 0, "score": -7.1}]}), "NO_PROBABILITY"),
        "no score": (said({"data": [{"index": 0}]}), "UNREADABLE"),
    },
}

CASES = [(api, case) for api, cases in REPLIES.items() for case in cases]

ERROR = b'{"error": {"message": "SECRET-BODY CANARY-SENTENCE"}}'
STATUSES = {
    "400 Bad Request": Cause.MODEL_MISCONFIGURED,
    "401 Unauthorized": Cause.MODEL_MISCONFIGURED,
    "404 Not Found": Cause.MODEL_MISCONFIGURED,
    "413 Payload Too Large": Cause.PROMPT_TOO_LONG,
    "422 Unprocessable Entity": Cause.MODEL_MISCONFIGURED,
    "424 Failed Dependency": Cause.MODEL_UNAVAILABLE,
    "429 Too Many Requests": Cause.MODEL_RATE_LIMITED,
    "500 Internal Server Error": Cause.MODEL_UNAVAILABLE,
    "503 Service Unavailable": Cause.MODEL_UNAVAILABLE,
}


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


def nothing_leaked(at: Any, caplog: pytest.LogCaptureFixture, failure: BaseException) -> None:
    told = at.spans.everything() + caplog.text + repr(failure) + str(failure)
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.parametrize(("api", "case"), CASES)
async def test_a_reply_that_is_none_fails_and_tells_nothing_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str, case: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer, error = REPLIES[api][case]
    async with wired(tmp_path, PROTOCOLS[api][0], answer) as at:
        failure = await at.fail(asked(SECRET_SENTENCE), soon())
        assert failure.error_type == error
        (span,) = at.spans.each("evaluate test-checker")
        assert span["error.type"] == error
        nothing_leaked(at, caplog, failure)


@pytest.mark.parametrize("api", PROTOCOLS)
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_is_a_cause(tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str, status: str) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], Reply([ERROR], status, JSON)) as at:
        failure = await at.fail(asked(SECRET_SENTENCE), soon())
        assert failure.cause is STATUSES[status]
        nothing_leaked(at, caplog, failure)


@pytest.mark.parametrize("api", PROTOCOLS)
@pytest.mark.parametrize("word", ["`inputs` must have less than 512 tokens", "maximum context length is 4096"])
async def test_an_input_that_is_too_long_is_said_to_be(tmp_path: Path, api: str, word: str) -> None:
    error = Reply([json.dumps({"error": word, "error_type": "Validation"}).encode()], "422 Unprocessable", JSON)
    async with wired(tmp_path, PROTOCOLS[api][0], error) as at:
        assert (await at.fail(asked("A."), soon())).cause is Cause.PROMPT_TOO_LONG


@pytest.mark.parametrize("api", PROTOCOLS)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_what_may_pass_is_tried_again(tmp_path: Path, api: str, status: str) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], Reply([ERROR], status, JSON), reply(api)) as at:
        found = await at.checker.check(asked("Cats sleep."), soon())
        assert found.probabilities == (1.0,)
        assert len(at.upstream.requests) == 2


BROKEN = {
    "reset": whole(b'{"answers"', Beat(), Reset()),
    "reset before the head": Reply([], before=[Reset()]),
    "a body that is cut short": whole(b'{"a', Raw(b"7fff\r\nabc"), Reset()),
    "a body that does not end": whole(Endless(b"[" * 65536)),
}


@pytest.mark.parametrize("api", [api for api in PROTOCOLS if api != "judge"])
@pytest.mark.parametrize("case", BROKEN)
async def test_a_connection_that_breaks_off_is_unavailable(tmp_path: Path, api: str, case: str) -> None:
    section = f"{PROTOCOLS[api][0]}, bounds: {{response_bytes: 200000}}"
    async with wired(tmp_path, section, BROKEN[case]) as at:
        assert (await at.fail(asked("A."), soon())).cause is Cause.MODEL_UNAVAILABLE


@pytest.mark.parametrize("api", PROTOCOLS)
@pytest.mark.parametrize("silent", [Reply([], before=[Stall()]), whole(b'{"data": [', Stall())], ids=["head", "body"])
async def test_one_that_never_answers_is_left_at_the_deadline(tmp_path: Path, api: str, silent: Reply) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], silent) as at:
        began = asyncio.get_running_loop().time()
        failure = await at.fail(asked("Cats sleep."), soon(2.0))
        assert failure.cause is Cause.MODEL_TIMEOUT
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)
        assert failure.usage.input_tokens > 0
        assert failure.usage.estimated
        await at.upstream.idle.wait()
        assert at.upstream.abandoned == 1


@pytest.mark.parametrize("api", PROTOCOLS)
async def test_leaving_closes_the_request_at_once(tmp_path: Path, api: str) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], Reply([], before=[Until()])) as at:
        task = asyncio.create_task(at.checker.check(asked("A."), soon()))
        await at.upstream.busy(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await at.upstream.idle.wait()
        assert at.upstream.abandoned == 1


@pytest.mark.parametrize(
    ("api", "answer"),
    [
        ("decisions", question(None, refusal="SECRET-BODY")),
        ("systemone", noul(0.99, 0.2)),
        ("judge", judgement('{"s1": "no", "s1": "yes"}')),
    ],
)
async def test_a_refusal_a_low_label_mass_and_two_answers_are_undecided(
    tmp_path: Path, api: str, answer: Reply
) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], answer) as at:
        assert (await at.checker.check(asked("A."), soon())).probabilities == (None,)


async def test_a_sentence_that_a_judge_leaves_out_is_undecided(tmp_path: Path) -> None:
    answer = judgement('{"s2": "Yes"} I hope this helps.')
    async with wired(tmp_path, PROTOCOLS["judge"][0], answer) as at:
        assert (await at.checker.check(asked("A.", "B."), soon())).probabilities == (None, 1.0)


async def test_an_open_circuit_keeps_a_call_from_being_made(tmp_path: Path) -> None:
    section = f"{PROTOCOLS['decisions'][0]}, breaker: {{min_calls: 1, open_seconds: 60, max_seconds: 60}}"
    async with wired(tmp_path, section, Reply([ERROR], "500 Internal Server Error", JSON)) as at:
        await at.fail(asked("A."), soon())
        sent = len(at.upstream.requests)
        failure = await at.fail(asked("A."), soon())
        assert (failure.cause, failure.usage.input_tokens) == (Cause.MODEL_UNAVAILABLE, 0)
        assert len(at.upstream.requests) == sent
        assert [span["groundwire.circuit"] for span in at.spans.each("evaluate test-checker")] == ["closed", "open"]


async def test_a_full_limiter_ends_in_capacity(tmp_path: Path) -> None:
    section = f"{PROTOCOLS['decisions'][0]}, concurrency: {{max_concurrent: 1, queue_size: 0}}"
    async with wired(tmp_path, section, Reply([], before=[Until()])) as at:
        first = asyncio.create_task(at.checker.check(asked("A."), soon()))
        await at.upstream.busy(1)
        assert (await at.fail(asked("B."), soon())).cause is Cause.CAPACITY_EXHAUSTED
        first.cancel()
        await asyncio.wait([first])
