"""Whatever a provider does, a call for vectors ends in EMBEDDER_UNAVAILABLE, in time, and in words of our own."""

import asyncio
import json
import logging
import socket
from base64 import b64encode

import pytest

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.embedder.faults import EmbedderFailure, EmbedderFault
from groundwire_server.adapters.http.options import DocumentBounds
from groundwire_server.adapters.resilience.circuit import CircuitState
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedding_model import KEY, ONCE, options, soon, wired
from tests.doubles.embeddings import JSON, embedding, said, whole
from tests.doubles.upstream import Beat, Endless, Pause, Raw, Reply, Reset, Stall

SMALL = options(dimensions=2, bounds=DocumentBounds(request_seconds=0.3, response_bytes=200_000))
ONE_BY_ONE = options(batch=BatchOptions(texts=1))
SECRET = b'{"error": {"message": "SECRET-BODY sk-SECRET-KEY", "code": "x"}}'

ANSWERS = {
    "no body": (whole(), EmbedderFault.UNREADABLE),
    "words": (whole(b"SECRET-BODY"), EmbedderFault.UNREADABLE),
    "a web page": (Reply([b"<html>"], headers=(("Content-Type", "text/html"),)), EmbedderFault.REFUSED),
    "a list": (whole(b"[]"), EmbedderFault.UNREADABLE),
    "no data": (whole(b"{}"), EmbedderFault.UNREADABLE),
    "data of another type": (whole(b'{"data": 7}'), EmbedderFault.UNREADABLE),
    "entries of another type": (whole(b'{"data": [7]}'), EmbedderFault.UNREADABLE),
    "vectors of another type": (said({"x": 1}), EmbedderFault.UNREADABLE),
    "vectors of words": (said(["SECRET", "BODY"]), EmbedderFault.UNREADABLE),
    "vectors of vectors": (said([[1, 0], [0, 1]]), EmbedderFault.UNREADABLE),
    "no base64": (said("SECRET BODY!"), EmbedderFault.UNREADABLE),
    "base64 of half a number": (said(b64encode(b"abc").decode()), EmbedderFault.UNREADABLE),
    "an index of another type": (whole(b'{"data": [{"index": "x", "embedding": [1, 0]}]}'), EmbedderFault.UNREADABLE),
    "truncated JSON": (whole(b'{"data": [{"index": 0, "embed'), EmbedderFault.UNREADABLE),
    "invalid UTF-8": (whole(b'{"data": "\xff\xfe"}'), EmbedderFault.UNREADABLE),
    "an error with a status of 200": (whole(SECRET), EmbedderFault.UNREADABLE),
    "no vector": (said(), EmbedderFault.COUNT),
    "a vector too many": (said([1, 0], [0, 1]), EmbedderFault.COUNT),
    "another index": (whole(b'{"data": [{"index": 5, "embedding": [1, 0]}]}'), EmbedderFault.COUNT),
    "too short": (said([1.0]), EmbedderFault.DIMENSIONS),
    "too long": (said([1.0, 0.0, 0.0]), EmbedderFault.DIMENSIONS),
    "empty": (said([]), EmbedderFault.DIMENSIONS),
    "no number": (whole(b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}'), EmbedderFault.NOT_FINITE),
    "infinite": (whole(b'{"data": [{"index": 0, "embedding": [Infinity, 1]}]}'), EmbedderFault.NOT_FINITE),
    "infinite in base64": (said(b64encode(b"\x00\x00\x80\x7f\x00\x00\x80\x3f").decode()), EmbedderFault.NOT_FINITE),
    "zeros": (said([0.0, 0.0]), EmbedderFault.ZERO),
    "reset": (whole(b'{"data"', Beat(), Reset()), EmbedderFault.UNAVAILABLE),
    "reset before the head": (Reply([], before=[Reset()]), EmbedderFault.UNAVAILABLE),
    "a body that is cut short": (whole(b'{"data"', Raw(b"7fff\r\nabc"), Reset()), EmbedderFault.UNAVAILABLE),
    "a chunk of no size": (whole(b'{"data"', Beat(), Raw(b"zz\r\n")), EmbedderFault.STALLED),
    "a body that does not end": (whole(Endless(b"[" * 65536)), EmbedderFault.UNAVAILABLE),
    "silence before the head": (Reply([], before=[Stall()]), EmbedderFault.STALLED),
    "silence in the body": (whole(b'{"data": [', Stall()), EmbedderFault.STALLED),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_is_none_is_refused(name: str, caplog: pytest.LogCaptureFixture) -> None:
    reply, fault = ANSWERS[name]
    caplog.set_level(logging.DEBUG)
    async with wired(reply, model=SMALL, retry=ONCE) as at:
        failure = await at.fail()
        assert failure.fault is fault
        checked(failure, caplog.text + at.spans.everything())
        assert at.spans.attributes("embeddings bge-test")["error.type"] == fault.name
        assert at.upstream.sent < 2_000_000
        await asyncio.wait_for(at.upstream.idle.wait(), 1.0)


def checked(failure: EmbedderFailure, told: str) -> None:
    assert failure.cause is Cause.EMBEDDER_UNAVAILABLE
    assert str(failure) == "EMBEDDER_UNAVAILABLE"
    for secret in ("SECRET-BODY", "SECRET-TEXT", KEY):
        assert secret not in told


STATUSES = {
    "301 Moved Permanently": (EmbedderFault.REFUSED, 1),
    "400 Bad Request": (EmbedderFault.REFUSED, 1),
    "401 Unauthorized": (EmbedderFault.REFUSED, 1),
    "402 Payment Required": (EmbedderFault.QUOTA, 1),
    "403 Forbidden": (EmbedderFault.REFUSED, 1),
    "404 Not Found": (EmbedderFault.REFUSED, 1),
    "408 Request Timeout": (EmbedderFault.UNAVAILABLE, 3),
    "413 Content Too Large": (EmbedderFault.TOO_LONG, 1),
    "422 Unprocessable Content": (EmbedderFault.REFUSED, 1),
    "429 Too Many Requests": (EmbedderFault.LIMITED, 3),
    "500 Internal Server Error": (EmbedderFault.UNAVAILABLE, 3),
    "503 Service Unavailable": (EmbedderFault.UNAVAILABLE, 3),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_has_its_fault_and_only_what_may_pass_is_asked_again(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault, attempts = STATUSES[status]
    caplog.set_level(logging.DEBUG)
    async with wired(Reply([SECRET], status, JSON)) as at:
        failure = await at.fail()
        assert failure.fault is fault
        assert len(at.upstream.requests) == attempts
        checked(failure, caplog.text + at.spans.everything())


async def test_a_used_up_quota_is_not_asked_again() -> None:
    body = b'{"error": {"code": "insufficient_quota", "message": "SECRET-BODY"}}'
    async with wired(Reply([body], "429 Too Many Requests", JSON)) as at:
        assert (await at.fail()).fault is EmbedderFault.QUOTA
        assert len(at.upstream.requests) == 1


@pytest.mark.parametrize("again", ["503 Service Unavailable", "429 Too Many Requests"])
async def test_what_passes_is_no_failure(again: str) -> None:
    async with wired(Reply([], again), whole(b'{"data": [{"ind'), embedding()) as at:
        assert len(await at.embedder.embed(["x"], soon(5.0))) == 1
        assert len(at.upstream.requests) == 3


async def test_retry_after_is_waited_for_where_there_is_time() -> None:
    busy = Reply([], "429 Too Many Requests", (("Retry-After", "0.2"),))
    async with wired(busy, embedding()) as at:
        await at.embedder.embed(["x"], soon(5.0))
        first, second = at.upstream.requests
        assert second.at - first.at >= 0.2


@pytest.mark.parametrize("after", ["0.4", "30"])
async def test_retry_after_is_told_where_there_is_no_time_for_it(after: str) -> None:
    busy = Reply([], "429 Too Many Requests", (("Retry-After", after),))
    async with wired(busy, embedding()) as at:
        failure = await at.fail(deadline=soon(0.6))
        assert failure.retry_after == float(after)
        assert len(at.upstream.requests) == 1


async def test_nobody_listens() -> None:
    async with wired(embedding()) as at:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            at.client._client._url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/embeddings"
        assert (await at.fail()).fault is EmbedderFault.UNAVAILABLE


@pytest.mark.parametrize("texts", [1, 5])
async def test_the_deadline_closes_every_request(texts: int) -> None:
    async with wired(Reply([], before=[Stall()]), model=ONE_BY_ONE) as at:
        began = asyncio.get_running_loop().time()
        failure = await at.fail(*(f"text {n}" for n in range(texts)), deadline=soon(0.2))
        assert failure.fault is EmbedderFault.SLOW
        assert asyncio.get_running_loop().time() - began < 1.0
        await asyncio.wait_for(at.upstream.idle.wait(), 1.0)
        assert at.upstream.abandoned == min(texts, 4)


@pytest.mark.parametrize("texts", [1, 5])
async def test_a_cancelled_call_closes_its_requests_at_once(texts: int) -> None:
    async with wired(Reply([], before=[Stall()]), model=ONE_BY_ONE) as at:
        task = asyncio.create_task(at.embedder.embed([f"text {n}" for n in range(texts)], soon(30.0)))
        await at.upstream.busy(min(texts, 4))
        left = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(at.upstream.idle.wait(), 1.0)
        assert at.upstream.left_at - left < 0.05
        assert at.spans.attributes("embeddings bge-test")["groundwire.cancelled"] is True
        assert at.provider.circuits["embeddings bge-test"].state is CircuitState.CLOSED


async def test_one_failed_request_ends_the_others_of_its_call() -> None:
    replies = [Reply([], before=[Stall()]), Reply([], "401 Unauthorized"), Reply([], before=[Stall()])]
    async with wired(*replies, model=ONE_BY_ONE) as at:
        failure = await at.fail(*(f"text {n}" for n in range(4)))
        assert failure.fault is EmbedderFault.REFUSED
        await asyncio.wait_for(at.upstream.idle.wait(), 1.0)


async def test_an_outage_is_not_multiplied_and_then_left_alone() -> None:
    retry = RetryOptions(base_seconds=0.0)
    async with wired(Reply([], "500 Internal Server Error"), retry=retry) as at:
        for _ in range(20):
            await at.fail()
        # Two retries each until half of the budget is used up, and five calls until the circuit opens.
        assert len(at.upstream.requests) <= 10
        assert at.provider.circuits["embeddings bge-test"].state is CircuitState.OPEN
        assert (await at.fail()).retry_after is not None


async def test_a_slow_answer_in_pieces_is_read_whole() -> None:
    body = json.dumps({"data": [{"index": 0, "embedding": [3, 4]}]}).encode()
    pieces = [move for byte in body for move in (bytes([byte]), Pause(0.001))]
    async with wired(whole(*pieces), model=options(dimensions=2)) as at:
        (vector,) = await at.embedder.embed(["x"], soon(5.0))
        assert list(vector) == pytest.approx([0.6, 0.8])
