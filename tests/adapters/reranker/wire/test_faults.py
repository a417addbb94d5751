"""Whatever an endpoint does, a call of a reranker ends in a failure, in time, and in words of our own."""

import asyncio
import json
import logging
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import metrics
from tests.doubles.checking_model import JSON, said, whole
from tests.doubles.reranking_model import (
    APIS,
    SECRET_KEY,
    SECRET_QUESTION,
    SECRET_TEXT,
    WiredReranker,
    asked,
    reply,
    wired,
)
from tests.doubles.upstream import Beat, Endless, Pause, Raw, Reply, Reset, Stall, Until, upstream

SECRETS = (SECRET_QUESTION, SECRET_TEXT, SECRET_KEY, "SECRET-BODY")
TEXTS = (f"{SECRET_TEXT} one", f"{SECRET_TEXT} two")
REQUEST = asked(*TEXTS, question=SECRET_QUESTION)
RESULTS = {"cohere": "relevance_score", "jina": "relevance_score", "vllm": "relevance_score", "tei": "score"}
"""The keys of scores, by the API."""


def rows(api: str, *found: tuple[Any, Any], **more: Any) -> Reply:
    """A reply of results, each an index and a score."""
    results = [{"index": index, RESULTS[api]: score, **more} for index, score in found]
    return said(results if api == "tei" else {"results": results})


def wrong(api: str) -> dict[str, tuple[Reply, str]]:
    """Replies that rate nothing, with what each is called."""
    score = RESULTS[api].encode()
    row = b'{"index": %d, "' + score + b'": %s}'

    def listed(*found: bytes) -> Reply:
        results = b"[" + b", ".join(row % (index, value) for index, value in enumerate(found)) + b"]"
        return whole(results if api == "tei" else b'{"results": ' + results + b"}")

    return {
        "no body": (whole(), "UNREADABLE"),
        "words": (whole(b"SECRET-BODY"), "UNREADABLE"),
        "null": (whole(b"null"), "UNREADABLE"),
        "an object of another kind": (said({"data": []}), "UNREADABLE"),
        "results of another kind": (said({"results": "SECRET-BODY"}), "UNREADABLE"),
        "results that are objects": (said({"results": {"0": 0.5, "1": 0.5}}), "UNREADABLE"),
        "results that are no objects": (said([1, 2] if api == "tei" else {"results": [1, 2]}), "UNREADABLE"),
        "deeply nested": (whole(b"[" * 100_000), "UNREADABLE"),
        "truncated": (whole(b'{"results": [{"index": 0, "rele'), "UNREADABLE"),
        "invalid UTF-8": (whole(b'{"results": "\xff"}'), "UNREADABLE"),
        "no score": (rows(api, (0, 0.5), (1, None)), "UNREADABLE"),
        "a word for a score": (rows(api, (0, 0.5), (1, "SECRET-BODY")), "UNREADABLE"),
        "a truth value for a score": (rows(api, (0, 0.5), (1, True)), "UNREADABLE"),
        "no index": (rows(api, (0, 0.5), (None, 0.5)), "UNREADABLE"),
        "a word for an index": (rows(api, ("0", 0.5), ("1", 0.5)), "UNREADABLE"),
        "a fraction for an index": (rows(api, (0, 0.5), (1.0, 0.5)), "UNREADABLE"),
        "an index twice in a result": (
            whole(b'{"results": [{"index": 0, "index": 1, "relevance_score": 0.5}]}'),
            "UNREADABLE",
        ),
        "no results": (rows(api), "COUNT"),
        "fewer results": (rows(api, (0, 0.5)), "COUNT"),
        "more results": (rows(api, (0, 0.5), (1, 0.5), (2, 0.5)), "COUNT"),
        "a text twice": (rows(api, (0, 0.9), (0, 0.1)), "INDEX"),
        "an index out of range": (rows(api, (0, 0.9), (2, 0.1)), "INDEX"),
        "an index from 1": (rows(api, (1, 0.9), (2, 0.1)), "INDEX"),
        "an index below 0": (rows(api, (0, 0.9), (-1, 0.1)), "INDEX"),
        "not a number": (listed(b"0.5", b"NaN"), "NO_RATING"),
        "infinite": (listed(b"0.5", b"Infinity"), "NO_RATING"),
        "a number beyond floats": (listed(b"0.5", b"1" + b"0" * 400), "NO_RATING"),
        "above 1": (rows(api, (0, 0.5), (1, 4.2)), "NO_RATING"),
        "below 0": (rows(api, (0, 0.5), (1, -4.2)), "NO_RATING"),
        "an error with a status of 200": (said({"error": {"message": "SECRET-BODY"}}), "MODEL_UNAVAILABLE"),
        "other texts": (rows(api, (0, 0.5), (1, 0.5), document={"text": "SECRET-BODY"}), "OTHER_TEXTS"),
        "other texts as words": (rows(api, (0, 0.5), (1, 0.5), text="SECRET-BODY"), "OTHER_TEXTS"),
        "texts of another order": (
            said(
                [{"index": 1 - at, "score": 0.5, "text": TEXTS[at]} for at in (0, 1)]
                if api == "tei"
                else {"results": [{"index": 1 - at, RESULTS[api]: 0.5, "document": TEXTS[at]} for at in (0, 1)]}
            ),
            "OTHER_TEXTS",
        ),
    }


CASES = [(api, case) for api in RESULTS for case in wrong(api)]
ERROR = b'{"error": {"message": "SECRET-BODY CANARY-TEXT"}}'
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


def nothing_leaked(at: WiredReranker, caplog: pytest.LogCaptureFixture, failure: BaseException) -> None:
    told = at.spans.everything() + caplog.text + repr(failure) + str(failure)
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.parametrize(("api", "case"), CASES)
async def test_a_reply_that_is_none_fails_is_counted_and_tells_nothing_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str, case: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer, error = wrong(api)[case]
    async with wired(tmp_path, APIS[api][0], answer) as at:
        failure = await at.fail(REQUEST, soon())
        assert failure.error_type == error
        (span,) = at.spans.each("rerank test-reranker")
        assert span["error.type"] == error
        assert at.spans.counts.of(metrics.DEPENDENCY_FAILURES) == 1
        nothing_leaked(at, caplog, failure)


@pytest.mark.parametrize(("scores", "value"), [("logits", "NaN"), ("cosines", "1.5"), ("cosines", "-2")])
async def test_a_score_of_another_kind_is_refused(tmp_path: Path, scores: str, value: str) -> None:
    answer = whole(b'{"results": [{"index": 0, "relevance_score": %s}]}' % value.encode())
    async with wired(tmp_path, f"{APIS['vllm'][0]}, scores: {scores}", answer) as at:
        assert (await at.fail(asked("A."), soon())).error_type == "NO_RATING"


@pytest.mark.parametrize("api", RESULTS)
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_is_a_cause(tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str, status: str) -> None:
    async with wired(tmp_path, APIS[api][0], Reply([ERROR], status, JSON)) as at:
        failure = await at.fail(REQUEST, soon())
        assert failure.cause is STATUSES[status]
        nothing_leaked(at, caplog, failure)


@pytest.mark.parametrize("word", ["`inputs` must have less than 512 tokens", "maximum context length is 4096"])
async def test_an_input_that_is_too_long_is_said_to_be(tmp_path: Path, word: str) -> None:
    error = Reply([json.dumps({"error": word, "error_type": "Validation"}).encode()], "422 Unprocessable", JSON)
    async with wired(tmp_path, APIS["tei"][0], error) as at:
        assert (await at.fail(asked("A."), soon())).cause is Cause.PROMPT_TOO_LONG


@pytest.mark.parametrize("api", RESULTS)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_what_may_pass_is_tried_again(tmp_path: Path, api: str, status: str) -> None:
    async with wired(tmp_path, APIS[api][0], Reply([ERROR], status, JSON), reply(api)) as at:
        found = await at.reranker.rate(asked("The desk opens at six by day."), soon())
        assert found.ratings == (1.0,)
        assert len(at.upstream.requests) == 2


def bomb() -> bytes:
    """A quarter of a gigabyte, in a few hundred kilobytes."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(press.compress(b"[0," * (1 << 20)) for _ in range(85)), press.flush()])


PACKED = (*JSON, ("Content-Encoding", "gzip"))
BROKEN = {
    "ten megabytes": whole(*[b" " * (1 << 20)] * 10, b"{}"),
    "a bomb": Reply([bomb()], headers=PACKED),
    "packed, and not": Reply([b"SECRET-BODY"], headers=PACKED),
    "reset": whole(b'{"results"', Beat(), Reset()),
    "reset before the head": Reply([], before=[Reset()]),
    "a body that is cut short": whole(b'{"r', Raw(b"7fff\r\nabc"), Reset()),
    "a body that does not end": whole(Endless(b"[" * 65536)),
    "spaces that do not end": whole(Endless(b" " * 65536)),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_connection_that_breaks_off_is_unavailable(tmp_path: Path, case: str) -> None:
    async with wired(tmp_path, f"{APIS['vllm'][0]}, bounds: {{response_bytes: 200000}}", BROKEN[case]) as at:
        assert (await at.fail(asked("A."), soon())).cause is Cause.MODEL_UNAVAILABLE


async def test_a_web_page_is_a_wrong_address(tmp_path: Path) -> None:
    page = Reply([b"<html><body>Sign in"], headers=(("Content-Type", "text/html"),))
    async with wired(tmp_path, APIS["vllm"][0], page) as at:
        assert (await at.fail(asked("A."), soon())).cause is Cause.MODEL_MISCONFIGURED
        assert len(at.upstream.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_texts_do_not_follow_a_redirect(tmp_path: Path, status: str) -> None:
    async with upstream(reply("vllm")) as elsewhere:
        to = (("Location", f"http://127.0.0.1:{elsewhere.port}/v1/rerank"),)
        async with wired(tmp_path, APIS["vllm"][0], Reply([], status, to)) as at:
            assert (await at.fail(REQUEST, soon())).cause is Cause.MODEL_MISCONFIGURED
        assert elsewhere.connections == 0


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/html", "text/event-stream", "image/png"])
async def test_the_body_counts_and_not_its_content_type(tmp_path: Path, kind: str) -> None:
    answer = Reply(reply("vllm").body, headers=(("Content-Type", kind),))
    async with wired(tmp_path, APIS["vllm"][0], answer) as at:
        assert len((await at.reranker.rate(REQUEST, soon())).ratings) == 2


async def test_a_byte_now_and_then_does_not_outlast_the_deadline(tmp_path: Path) -> None:
    slow = whole(*(move for _ in range(100) for move in (b" ", Pause(0.5))))
    async with wired(tmp_path, APIS["vllm"][0], slow) as at:
        began = asyncio.get_running_loop().time()
        assert (await at.fail(asked("A."), soon(2.0))).cause is Cause.MODEL_TIMEOUT
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_scores_that_are_all_equal_or_come_in_any_order_are_ratings(tmp_path: Path, order: Sequence[int]) -> None:
    for scores in ((0.5, 0.5), (0.1, 0.9)):
        answer = rows("vllm", *((index, scores[index]) for index in order))
        async with wired(tmp_path, APIS["vllm"][0], answer) as at:
            assert (await at.reranker.rate(REQUEST, soon())).ratings == scores


async def test_a_request_holds_the_texts_of_one_call_alone(tmp_path: Path) -> None:
    async with wired(tmp_path, f"{APIS['vllm'][0]}, batch: {{texts: 2}}", reply("vllm")) as at:
        tenants = {name: asked(*(f"{name} {each}" for each in "ABC"), tenant=name) for name in ("acme", "globex")}
        await asyncio.gather(*(at.reranker.rate(request, soon()) for request in tenants.values()))
        sent = [json.loads(request.body)["documents"] for request in at.upstream.requests]
        assert sorted(text for texts in sent for text in texts) == sorted(
            text for request in tenants.values() for text in request.texts
        )
        assert all(len({text.split()[0] for text in texts}) == 1 for texts in sent)


@pytest.mark.parametrize(
    "silent", [Reply([], before=[Stall()]), whole(b'{"results": [', Stall())], ids=["head", "body"]
)
async def test_one_that_never_answers_is_left_at_the_deadline(tmp_path: Path, silent: Reply) -> None:
    async with wired(tmp_path, APIS["vllm"][0], silent) as at:
        began = asyncio.get_running_loop().time()
        failure = await at.fail(asked("Cats sleep."), soon(2.0))
        assert failure.cause is Cause.MODEL_TIMEOUT
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)
        assert failure.usage.input_tokens > 0
        assert failure.usage.estimated
        await at.upstream.idle.wait()
        assert at.upstream.abandoned == 1


async def test_leaving_closes_every_request_at_once(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, batch: {{texts: 1}}"
    async with wired(tmp_path, section, Reply([], before=[Until()])) as at:
        task = asyncio.create_task(at.reranker.rate(asked("A.", "B.", "C."), soon()))
        await at.upstream.busy(3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await at.upstream.idle.wait()
        assert at.upstream.abandoned == 3


async def test_a_batch_that_fails_ends_the_others(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, batch: {{texts: 1}}"
    refused = Reply([ERROR], "400 Bad Request", JSON)
    async with wired(tmp_path, section, refused, Reply([], before=[Stall()])) as at:
        assert (await at.fail(asked("A.", "B."), soon())).cause is Cause.MODEL_MISCONFIGURED
        await at.upstream.idle.wait()


async def test_an_open_circuit_keeps_a_call_from_being_made(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, breaker: {{min_calls: 1, open_seconds: 60, max_seconds: 60}}"
    async with wired(tmp_path, section, Reply([ERROR], "500 Internal Server Error", JSON)) as at:
        await at.fail(asked("A."), soon())
        sent = len(at.upstream.requests)
        failure = await at.fail(asked("A."), soon())
        assert (failure.cause, failure.usage) == (Cause.MODEL_UNAVAILABLE, Usage())
        assert len(at.upstream.requests) == sent
        assert [span["groundwire.circuit"] for span in at.spans.each("rerank test-reranker")] == ["closed", "open"]


async def test_a_full_limiter_ends_in_capacity(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, concurrency: {{max_concurrent: 1, queue_size: 0}}"
    async with wired(tmp_path, section, Reply([], before=[Until()])) as at:
        first = asyncio.create_task(at.reranker.rate(asked("A."), soon()))
        await at.upstream.busy(1)
        assert (await at.fail(asked("B."), soon())).cause is Cause.CAPACITY_EXHAUSTED
        first.cancel()
        await asyncio.wait([first])
