"""Whatever an endpoint answers, a guard's call ends in findings that fit the texts, or in a failure of ours."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.guards.remote import json_format
from groundwire_server.adapters.guards.remote.contract import ReportLimits
from groundwire_server.adapters.guards.remote.faults import InvalidFindingsFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import metrics
from tests.doubles.checking_model import JSON, said, whole
from tests.doubles.guarding import HTTP, SECRET_KEY, SECRET_TEXT, WiredGuard, asked, reply, wired
from tests.doubles.time import SocketTimeLoop
from tests.doubles.upstream import Beat, Endless, Pause, Raw, Reply, Reset, Stall, Until, upstream

SECRETS = (SECRET_TEXT, SECRET_KEY, "SECRET-BODY")
TEXT = f"{SECRET_TEXT} 🙂 is forbidden."
LENGTH = len(TEXT)


def found(**finding: Any) -> Reply:
    """A reply of one finding."""
    return results([{"category": "terms", "start": 0, "end": 4, **finding}])


def results(*texts: Any) -> Reply:
    """A reply of the findings in each text."""
    return said({"results": [{"findings": each} for each in texts]})


MALFORMED = {
    "no results": (said({"results": []}), "COUNT"),
    "more results": (results([], []), "COUNT"),
    "a negative start": (found(start=-1), "SPAN"),
    "a negative end": (found(start=-4, end=-1), "SPAN"),
    "an end before the start": (found(start=4, end=2), "SPAN"),
    "an empty stretch": (found(start=2, end=2), "SPAN"),
    "an end behind the text": (found(start=0, end=LENGTH + 1), "SPAN"),
    "a place in bytes": (found(start=0, end=len(TEXT.encode())), "SPAN"),
    "a place in UTF-16": (found(start=0, end=len(TEXT.encode("utf-16-le")) // 2), "SPAN"),
    "a start alone": (found(end=None), "SPAN"),
    "an end alone": (found(start=None), "SPAN"),
    "a place beyond any text": (found(end=10**30), "SPAN"),
    "another text": (said({"results": [{"text": "SECRET-BODY", "findings": []}]}), "OTHER_TEXT"),
    "other words at the place": (found(text="SECRET-BODY"), "OTHER_TEXT"),
    "words at a place in bytes": (found(start=15, end=21, text="forbid"), "OTHER_TEXT"),
    "a category that is not named": (found(category="SECRET-BODY"), "CATEGORY"),
    "a rule that is a sentence": (found(rule="SECRET-BODY is forbidden"), "RULE"),
    "a rule that is an address": (found(rule="a@example.com"), "RULE"),
    "a rule of a thousand letters": (found(rule="a" * 1000), "RULE"),
    "a score above 1": (found(score=1.5), "SCORE"),
    "a score below 0": (found(score=-0.5), "SCORE"),
    "a score beyond floats": (
        whole(b'{"results": [{"findings": [{"category": "terms", "score": 1' + b"0" * 400 + b"}]}]}"),
        "SCORE",
    ),
    "a score of NaN": (whole(b'{"results": [{"findings": [{"category": "terms", "score": NaN}]}]}'), "SCORE"),
    "an infinite score": (whole(b'{"results": [{"findings": [{"category": "terms", "score": Infinity}]}]}'), "SCORE"),
    "an unknown category among ten thousand findings": (
        results([*[{"category": "terms"}] * 10_000, {"category": "SECRET-BODY"}]),
        "CATEGORY",
    ),
}
UNREADABLE = {
    "no body": whole(),
    "words": whole(b"SECRET-BODY"),
    "null": whole(b"null"),
    "a list": said([]),
    "an object of another kind": said({"data": []}),
    "results of another kind": said({"results": "SECRET-BODY"}),
    "results that are an object": said({"results": {"0": []}}),
    "a result that is a list": said({"results": [[]]}),
    "findings of another kind": said({"results": [{"findings": "SECRET-BODY"}]}),
    "a finding of another kind": results(["SECRET-BODY"]),
    "a finding without a category": results([{"start": 0, "end": 1}]),
    "a category of another kind": found(category=7),
    "a start of another kind": found(start="0"),
    "a start of a truth value": found(start=False),
    "a fraction for a start": found(start=0.5),
    "a rule of another kind": found(rule=["SECRET-BODY"]),
    "a text of another kind": found(text=7),
    "a score of another kind": found(score="0.5"),
    "a score of a truth value": found(score=True),
    "deeply nested": whole(b"[" * 100_000),
    "truncated": whole(b'{"results": [{"findings": [{"cat'),
    "invalid UTF-8": whole(b'{"results": "\xff"}'),
    "a key twice": whole(b'{"results": [], "results": [{"findings": []}]}'),
}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"sockets": SocketTimeLoop}


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


def nothing_leaked(at: WiredGuard, caplog: pytest.LogCaptureFixture, failure: BaseException) -> None:
    told = at.spans.everything() + caplog.text + repr(failure) + str(failure)
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_does_not_fit_the_text_is_a_failure_and_never_a_finding(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer, error = MALFORMED[case]
    async with wired(tmp_path, HTTP["http"][0], answer) as (at, provider):
        failure = await at.fail(asked(TEXT), soon())
        assert failure.cause is (Cause.MODEL_MISCONFIGURED if error == "CATEGORY" else Cause.OUTPUT_MALFORMED)
        assert failure.error_type == error
        assert len(provider.requests) == 1
        (span,) = at.spans.each("guard it")
        assert span["error.type"] == error
        assert at.spans.counts.of(metrics.DEPENDENCY_FAILURES) == 1
        nothing_leaked(at, caplog, failure)


MOST = 100
FLOODS = {
    "results": b'{"results": [' + b"{}," * 300_000 + b"{}]}",
    "findings": b'{"results": [{"findings": [' + b"{}," * 300_000 + b"{}]}]}",
}


@pytest.mark.parametrize(("name", "error"), [("results", "COUNT"), ("findings", "UNREADABLE")])
def test_of_a_flood_little_is_made(monkeypatch: pytest.MonkeyPatch, name: str, error: str) -> None:
    made: list[object] = []
    monkeypatch.setattr(json_format, "_finding", made.append)
    with pytest.raises(InvalidFindingsFailure) as failure:
        json_format.JsonFormat().report(FLOODS[name], ReportLimits(1, MOST))
    assert failure.value.error_type == error
    assert len(made) <= (0 if error == "COUNT" else MOST)


@pytest.mark.parametrize("case", UNREADABLE)
async def test_what_cannot_be_read_is_asked_for_again_and_then_a_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with wired(tmp_path, HTTP["http"][0], UNREADABLE[case]) as (at, provider):
        failure = await at.fail(asked(TEXT), soon())
        assert (failure.cause, failure.error_type) == (Cause.MODEL_UNAVAILABLE, "UNREADABLE")
        assert len(provider.requests) == 3
        nothing_leaked(at, caplog, failure)


WHOLE = Finding("terms", 0, LENGTH)
ACCEPTED: Mapping[str, tuple[Reply, tuple[Finding, ...]]] = {
    "nothing": (results([]), ()),
    "more than are read": (
        results([*[{"category": "terms", "start": 0, "end": 1}] * 100, {"category": "other", "start": 0, "end": 1}]),
        (Finding("other", 0, LENGTH), WHOLE),
    ),
    "a result without findings": (said({"results": [{}]}), ()),
    "fields that the contract does not have": (
        said({"results": [{"findings": [], "verdict": "bad", "sanitized": "x"}], "model": "y", "latency": 3}),
        (),
    ),
    "no place": (results([{"category": "terms"}]), (WHOLE,)),
    "no place, said": (results([{"category": "terms", "start": None, "end": None, "rule": None}]), (WHOLE,)),
    "the text and the words": (
        said({"results": [{"text": TEXT, "findings": [{"category": "terms", "start": 12, "end": 13, "text": "🙂"}]}]}),
        (Finding("terms", 12, 13),),
    ),
    "overlaps, in any order": (
        results([{"category": "other", "start": 5, "end": 9}, {"category": "terms", "start": 0, "end": 9}]),
        (Finding("terms", 0, 9), Finding("other", 5, 9)),
    ),
    "a score that is a whole number": (found(score=1), (Finding("terms", 0, 4, "", 1.0),)),
    "a rule": (found(rule="pii.email/v2:1"), (Finding("terms", 0, 4, "pii.email/v2:1"),)),
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_what_fits_is_taken(tmp_path: Path, case: str) -> None:
    answer, expected = ACCEPTED[case]
    async with wired(tmp_path, HTTP["http"][0], answer) as (at, _):
        assert (await at.guard.screen(asked(TEXT), soon())).findings == (expected,)


LABELLED = {
    "labels that are not those of the configuration": (said([[{"label": "safe", "score": 0.9}]]), "LABEL"),
    "a label twice": (said([[{"label": "LABEL_1", "score": 0.1}, {"label": "LABEL_1", "score": 0.9}]]), "LABEL"),
    "no row": (said([]), "COUNT"),
    "two rows": (said([[{"label": "LABEL_1", "score": 0.1}]] * 2), "COUNT"),
    "a score above 1": (said([[{"label": "LABEL_1", "score": 4.2}]]), "SCORE"),
    "NaN": (whole(b'[[{"label": "LABEL_1", "score": NaN}]]'), "SCORE"),
    "words for a score": (said([[{"label": "LABEL_1", "score": "SECRET-BODY"}]]), "UNREADABLE"),
    "words": (said("SECRET-BODY"), "UNREADABLE"),
}
CLASSIFIED = {
    "too few classes": (said({"data": [{"index": 0, "probs": [0.5]}]}), "LABEL"),
    "another index": (said({"data": [{"index": 1, "probs": [0.5, 0.5]}]}), "COUNT"),
    "no rows": (said({"data": []}), "COUNT"),
    "NaN": (whole(b'{"data": [{"index": 0, "probs": [0.5, NaN]}]}'), "SCORE"),
    "no probabilities": (said({"data": [{"index": 0}]}), "UNREADABLE"),
}
LOGITS = {
    "NaN": (whole(b'[[{"label": "LABEL_1", "score": NaN}]]'), "SCORE"),
    "infinite": (whole(b'[[{"label": "LABEL_1", "score": -Infinity}]]'), "SCORE"),
    "beyond floats": (said([[{"label": "LABEL_1", "score": 10**400}]]), "SCORE"),
}
CLASSIFIERS = [
    (api, case)
    for api, cases in (("tei", LABELLED), ("vllm_classify", CLASSIFIED), ("logits", LOGITS))
    for case in cases
]


@pytest.mark.parametrize(("api", "case"), CLASSIFIERS)
async def test_a_classifier_that_does_not_say_what_its_labels_are_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str, case: str
) -> None:
    answer, error = {"tei": LABELLED, "vllm_classify": CLASSIFIED, "logits": LOGITS}[api][case]
    async with wired(tmp_path, HTTP[api][0], answer) as (at, _):
        failure = await at.fail(asked(TEXT), soon())
        assert failure.error_type == error
        nothing_leaked(at, caplog, failure)


@pytest.mark.parametrize(("logit", "score"), [(0, 0.5), (1e308, 1.0), (-1e308, None), (2.0, 0.8808)])
async def test_a_sigmoid_takes_any_logit(tmp_path: Path, logit: float, score: float | None) -> None:
    answer = said([[{"label": "LABEL_1", "score": logit}]])
    async with wired(tmp_path, HTTP["logits"][0], answer) as (at, _):
        (found,) = (await at.guard.screen(asked(TEXT), soon())).findings
        assert [each.score for each in found] == ([] if score is None else [pytest.approx(score, abs=1e-4)])


ERROR = b'{"error": {"message": "SECRET-BODY CANARY-TEXT"}}'
STATUSES = {
    "400 Bad Request": Cause.MODEL_MISCONFIGURED,
    "401 Unauthorized": Cause.MODEL_MISCONFIGURED,
    "404 Not Found": Cause.MODEL_MISCONFIGURED,
    "413 Payload Too Large": Cause.PROMPT_TOO_LONG,
    "424 Failed Dependency": Cause.MODEL_UNAVAILABLE,
    "429 Too Many Requests": Cause.MODEL_RATE_LIMITED,
    "500 Internal Server Error": Cause.MODEL_UNAVAILABLE,
    "302 Found": Cause.MODEL_MISCONFIGURED,
}


@pytest.mark.parametrize("name", ["http", "tei"])
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_is_a_cause(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, status: str) -> None:
    async with wired(tmp_path, HTTP[name][0], Reply([ERROR], status, JSON)) as (at, _):
        failure = await at.fail(asked(TEXT), soon())
        assert failure.cause is STATUSES[status]
        nothing_leaked(at, caplog, failure)


async def test_texts_do_not_follow_a_redirect(tmp_path: Path) -> None:
    async with upstream(reply("http")) as elsewhere:
        to = (("Location", f"http://127.0.0.1:{elsewhere.port}/v1/screen"),)
        async with wired(tmp_path, HTTP["http"][0], Reply([], "307 Temporary Redirect", to)) as (at, _):
            assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_MISCONFIGURED
        assert elsewhere.connections == 0


BROKEN = {
    "ten megabytes": whole(*[b" " * (1 << 20)] * 10, b"{}"),
    "reset": whole(b'{"results"', Beat(), Reset()),
    "a body that is cut short": whole(b'{"r', Raw(b"7fff\r\nabc"), Reset()),
    "a body that does not end": whole(Endless(b"[" * 65536)),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_connection_that_breaks_off_is_unavailable(tmp_path: Path, case: str) -> None:
    async with wired(tmp_path, HTTP["http"][0], BROKEN[case]) as (at, _):
        assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_UNAVAILABLE


SLOW = {
    "a slow drip": whole(*(move for _ in range(100) for move in (b" ", Pause(0.5)))),
    "no head": Reply([], before=[Stall()]),
    "no end": whole(b'{"results": [', Stall()),
}


@pytest.mark.parametrize("case", SLOW)
async def test_one_that_is_late_is_left_at_the_deadline(tmp_path: Path, case: str) -> None:
    async with wired(tmp_path, HTTP["http"][0], SLOW[case]) as (at, provider):
        began = asyncio.get_running_loop().time()
        assert (await at.fail(asked(TEXT), soon(2.0))).cause is Cause.MODEL_TIMEOUT
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)
        await provider.idle.wait()
        assert provider.abandoned == 1


async def test_one_that_answers_late_has_a_time_of_its_own(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, bounds: {{request_seconds: 1.0}}"
    async with wired(tmp_path, section, Reply([], before=[Stall()])) as (at, _):
        began = asyncio.get_running_loop().time()
        assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_SLOW_START
        assert asyncio.get_running_loop().time() - began == pytest.approx(1.0, abs=0.1)


async def test_leaving_closes_every_request_at_once(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, batch: {{texts: 1}}"
    async with wired(tmp_path, section, Reply([], before=[Until()])) as (at, provider):
        task = asyncio.create_task(at.guard.screen(asked("A.", "B.", "C."), soon()))
        await provider.busy(3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await provider.idle.wait()
        assert provider.abandoned == 3


async def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    unavailable = Reply([ERROR], "503 Service Unavailable", JSON)
    async with wired(tmp_path, HTTP["http"][0], unavailable, reply("http")) as (at, provider):
        (found,) = (await at.guard.screen(asked(TEXT), soon())).findings
        assert [TEXT[each.start : each.end] for each in found] == ["forbidden"]
        assert len(provider.requests) == 2


async def test_an_open_circuit_keeps_a_call_from_being_made(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, breaker: {{min_calls: 1, open_seconds: 60, max_seconds: 60}}"
    async with wired(tmp_path, section, Reply([ERROR], "500 Internal Server Error", JSON)) as (at, provider):
        await at.fail(asked(TEXT), soon())
        sent = len(provider.requests)
        failure = await at.fail(asked(TEXT), soon())
        assert (failure.cause, failure.usage) == (Cause.MODEL_UNAVAILABLE, Usage())
        assert len(provider.requests) == sent


async def test_a_guard_that_lies_does_not_open_its_circuit(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, breaker: {{min_calls: 1, open_seconds: 60, max_seconds: 60}}"
    async with wired(tmp_path, section, found(start=-1), reply("http")) as (at, _):
        await at.fail(asked(TEXT), soon())
        assert len((await at.guard.screen(asked(TEXT), soon())).findings[0]) == 1


async def test_a_full_limiter_ends_in_capacity(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, concurrency: {{max_concurrent: 1, queue_size: 0}}"
    async with wired(tmp_path, section, Reply([], before=[Until()])) as (at, provider):
        first = asyncio.create_task(at.guard.screen(asked("A."), soon()))
        await provider.busy(1)
        assert (await at.fail(asked("B."), soon())).cause is Cause.CAPACITY_EXHAUSTED
        first.cancel()
        await asyncio.wait([first])


async def test_a_request_holds_the_texts_of_one_call_alone(tmp_path: Path) -> None:
    async with wired(tmp_path, f"{HTTP['http'][0]}, batch: {{texts: 2}}", reply("http")) as (at, provider):
        await asyncio.gather(*(at.guard.screen(asked(*(f"{name} {each}" for each in "ABC")), soon()) for name in "xy"))
        sent = [json.loads(request.body)["texts"] for request in provider.requests]
        assert all(len({text.split()[0] for text in texts}) == 1 for texts in sent)
