"""Whatever a provider does, a call of it ends in a cause, in time, and its text up to there has left."""

import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme

from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.http.options import Endpoint, StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import Model, ask, dialect, model, soon
from tests.adapters.generator.wire.transcripts import DRAFT, parts
from tests.doubles.upstream import Beat, Endless, Move, Pause, Raw, Reply, Reset, upstream

EVENTS = [event + b"\n\n" for event in parts("openai-answer")[2].split(b"\n\n") if event]
BEGINNING = EVENTS[:4]
BEGUN = '{"confidence":"'
UNAVAILABLE, INTERRUPTED = Cause.MODEL_UNAVAILABLE, Cause.MODEL_INTERRUPTED
Headers = Sequence[tuple[str, str]]
JSON = (("Content-Type", "application/json"),)


def chunk(content: str) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":%b},"finish_reason":null}]}\n\n' % content.encode()


BODIES: dict[str, tuple[Sequence[Move], str, Cause]] = {
    "no body": ([], "", UNAVAILABLE),
    "reset before the first event": ([Beat(), Reset()], "", UNAVAILABLE),
    "reset in the middle": ([*BEGINNING, Beat(), Reset()], BEGUN, INTERRUPTED),
    "ends in the middle": (BEGINNING, BEGUN, INTERRUPTED),
    "ends within an event": ([*BEGINNING, EVENTS[4][:40]], BEGUN, INTERRUPTED),
    "invalid UTF-8 at first": ([b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'], "", UNAVAILABLE),
    "invalid UTF-8 later": ([*BEGINNING, b'data: {"choices":[{"delta":{"content":"\xc3("}}]}\n\n'], BEGUN, INTERRUPTED),
    "broken frames": ([*BEGINNING, b'dat: {"a"\n\ndata {"choices"\n\n'], BEGUN, INTERRUPTED),
    "truncated JSON": ([*BEGINNING, b'data: {"choices":[{"delta":\n\n'], BEGUN, INTERRUPTED),
    "a list for an object": ([*BEGINNING, b"data: [1, 2]\n\n"], BEGUN, INTERRUPTED),
    "a number for an object": ([*BEGINNING, b"data: 7\n\n"], BEGUN, INTERRUPTED),
    "a number for a text": ([*BEGINNING, chunk("7")], BEGUN, INTERRUPTED),
    "a text for the choices": ([*BEGINNING, b'data: {"choices":"x"}\n\n'], BEGUN, INTERRUPTED),
    "null for the choice": ([*BEGINNING, b'data: {"choices":[null]}\n\n'], BEGUN, INTERRUPTED),
    "a number for why it stopped": ([b'data: {"choices":[{"delta":{},"finish_reason":5}]}\n\n'], "", UNAVAILABLE),
    "a text for the usage": ([*BEGINNING, b'data: {"choices":[],"usage":"many"}\n\n'], BEGUN, INTERRUPTED),
    "fields missing": ([b"data: {}\n\n", b'data: {"choices":[{}]}\n\n'], "", UNAVAILABLE),
    "an error in words alone": ([*BEGINNING, b'data: {"error":"SECRET"}\n\n'], BEGUN, INTERRUPTED),
    "an event that does not end": ([Endless(b"data: " + b"x" * 65536)], "", UNAVAILABLE),
    "an answer that does not end": ([Endless(chunk('"' + "x" * 65536 + '"'))], "x", INTERRUPTED),
    "a chunk of no size": ([*BEGINNING, Beat(), Raw(b"zz\r\n")], BEGUN, INTERRUPTED),
}


@pytest.mark.parametrize("fault", BODIES)
async def test_a_broken_stream_has_its_cause_and_keeps_the_text_before_it(fault: str) -> None:
    body, text, cause = BODIES[fault]
    # aiohttp does not tell the reader of a body whose chunks are broken: its silence ends it.
    bounds = StreamBounds(response_bytes=4_000_000, event_bytes=500_000, silence_seconds=0.1)
    async with model("openai", Reply(list(body)), bounds=bounds) as asked:
        written, failure = await broken(asked)
        assert asked.upstream.sent < 8_000_000
    assert failure is cause
    assert written.startswith(text)
    assert bool(written) == bool(text)


async def broken(asked: Model) -> tuple[str, Cause]:
    """What was written and why it broke off."""
    written = ""
    try:
        async with aclosing(asked.generator.generate(ask(), soon(5.0))) as pieces:
            async for piece in pieces:
                assert isinstance(piece, str)
                written += piece
    except Failure as failure:
        return written, failure.cause
    raise AssertionError(written)


STATUSES = {
    "302 Found": Cause.MODEL_MISCONFIGURED,
    "400 Bad Request": Cause.MODEL_MISCONFIGURED,
    "401 Unauthorized": Cause.MODEL_MISCONFIGURED,
    "402 Payment Required": Cause.MODEL_QUOTA_EXHAUSTED,
    "403 Forbidden": Cause.MODEL_MISCONFIGURED,
    "404 Not Found": Cause.MODEL_MISCONFIGURED,
    "408 Request Timeout": UNAVAILABLE,
    "409 Conflict": UNAVAILABLE,
    "413 Content Too Large": Cause.PROMPT_TOO_LONG,
    "422 Unprocessable Content": Cause.MODEL_MISCONFIGURED,
    "429 Too Many Requests": Cause.MODEL_RATE_LIMITED,
    "500 Internal Server Error": UNAVAILABLE,
    "502 Bad Gateway": UNAVAILABLE,
    "503 Service Unavailable": UNAVAILABLE,
    "504 Gateway Timeout": UNAVAILABLE,
    "529 Overloaded": UNAVAILABLE,
}
ERROR_BODIES: dict[str, list[Move]] = {
    "none": [],
    "words": [b"no"],
    "an empty object": [b"{}"],
    "wrong types": [b'{"error":{"code":[],"message":{},"type":7,"details":"x","innererror":[]}}'],
    "a list": [b"[]"],
    "broken": [b'{"error":'],
}


@pytest.mark.parametrize("name", ["openai", "anthropic"])
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_has_its_cause_whatever_its_body(status: str, name: str) -> None:
    replies = [Reply(body, status, JSON) for body in ERROR_BODIES.values()]
    async with model(name, *replies) as asked:
        for _ in replies:
            with pytest.raises(Failure) as failure:
                await asked.write(soon(5.0))
            assert failure.value.cause is STATUSES[status]


HEADERS = [
    (),
    (("Content-Type", "text/event-stream"),),
    JSON,
    (("Content-Type", "text/html; charset=utf-8"),),
    (("Content-Type", "text/plain"),),
    (("Content-Type", "nonsense"),),
]


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("transcript", ["openai-answer", "openai-whole", "anthropic-answer", "anthropic-whole"])
async def test_an_answer_is_read_whatever_its_headers_call_it(transcript: str, headers: Headers) -> None:
    async with model(transcript.partition("-")[0], Reply([parts(transcript)[2]], headers=headers)) as asked:
        text, last, _ = await asked.write(soon(5.0))
    assert json.loads(text) == json.loads(DRAFT)
    assert not last.usage.estimated


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><p>Sign in", b"\n\n<html>", b'{"result":"ok"}', b'{"type":"object"}', b"[{}]"],
)
async def test_an_answer_of_another_kind_is_misconfigured(
    body: bytes, headers: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("openai", "anthropic"):
        async with model(name, Reply([body], headers=headers)) as asked:
            written, failure = await broken(asked)
        assert (written, failure) == ("", Cause.MODEL_MISCONFIGURED)
        assert "its base_url may be wrong" in caplog.text


async def test_a_protocol_spoken_to_another_is_misconfigured() -> None:
    for name, other in (("openai", "anthropic-whole"), ("anthropic", "openai-whole")):
        async with model(name, Reply([parts(other)[2]], headers=JSON)) as asked:
            assert (await broken(asked))[1] is Cause.MODEL_MISCONFIGURED


async def test_an_error_of_fifty_megabytes_is_not_read() -> None:
    async with model("openai", Reply([Endless(b"x" * 65536)], "500 Internal Server Error")) as asked:
        with pytest.raises(Failure) as failure:
            await asked.write(soon(5.0))
        assert failure.value.cause is UNAVAILABLE
        assert asked.upstream.sent < 8_000_000


async def test_a_redirect_is_not_followed() -> None:
    async with upstream(Reply([b"data: [DONE]\n\n"])) as elsewhere:
        to = (("Location", f"http://127.0.0.1:{elsewhere.port}/v1/chat/completions"),)
        async with model("openai", Reply([], "307 Temporary Redirect", to)) as asked:
            with pytest.raises(Failure) as failure:
                await asked.write(soon(5.0))
        assert failure.value.cause is Cause.MODEL_MISCONFIGURED
        assert elsewhere.connections == 0


async def test_one_byte_at_a_time_is_an_answer() -> None:
    body = b"".join(EVENTS)
    cut = [body[at : at + 1] for at in range(len(body))]
    async with model("openai", Reply(cut)) as asked:
        assert (await asked.write(soon(10.0)))[0] == DRAFT


async def test_an_answer_whose_count_does_not_come_is_an_answer() -> None:
    stopped = EVENTS.index(next(event for event in EVENTS if b'"finish_reason":"stop"' in event))
    for rest in ([Reset()], [Pause(10)], [b"data: {broken\n\n"], [b"data: {}\n\n"]):
        reply = Reply([*EVENTS[: stopped + 1], Beat(), *rest])
        async with model("openai", reply, bounds=StreamBounds(silence_seconds=0.03)) as asked:
            text, last, _ = await asked.write(soon(5.0))
            assert (text, last.reason, last.usage.estimated) == (DRAFT, FinishReason.COMPLETE, True)


async def test_a_connection_that_is_refused_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        assert await failed(endpoint) is UNAVAILABLE


async def test_a_name_that_is_not_known_is_unavailable() -> None:
    assert await failed(Endpoint(base_url="http://no-such-host.invalid/v1")) is UNAVAILABLE


async def test_a_server_that_accepts_and_says_nothing_in_tls_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = Endpoint(base_url=f"https://127.0.0.1:{mute.getsockname()[1]}/v1")
        assert await failed(endpoint, StreamBounds(connect_seconds=0.05)) is UNAVAILABLE


async def test_a_certificate_that_is_not_trusted_is_misconfigured(caplog: pytest.LogCaptureFixture) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with upstream(Reply([]), tls=context) as double:
        endpoint = Endpoint(base_url=f"https://127.0.0.1:{double.port}/v1")
        assert await failed(endpoint) is Cause.MODEL_MISCONFIGURED
        assert not double.requests
    assert "ca_file" in caplog.text


async def test_a_certificate_for_another_name_is_misconfigured(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("models.example.com").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with upstream(Reply([]), tls=context) as double:
        endpoint = Endpoint(base_url=f"https://127.0.0.1:{double.port}/v1", ca_file=ca_file)
        assert await failed(endpoint) is Cause.MODEL_MISCONFIGURED


async def test_plain_text_where_tls_should_be_is_unavailable() -> None:
    async with upstream(Reply([])) as double:
        endpoint = Endpoint(base_url=f"https://127.0.0.1:{double.port}/v1")
        assert await failed(endpoint, StreamBounds(connect_seconds=0.1)) is UNAVAILABLE


async def failed(endpoint: Endpoint, bounds: StreamBounds | None = None) -> Cause:
    async with Session("test", endpoint) as session:
        generator = HttpGenerator(session, dialect("openai"), bounds)
        with pytest.raises(Failure) as failure:
            async for _ in generator.generate(ask(), soon(5.0)):
                pass
        return failure.value.cause
