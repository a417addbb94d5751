"""Time and leaving, on sockets: what is not wanted any more is closed at the provider's end at once."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme

from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.http.options import Endpoint, StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, Piece
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import Model, ask, dialect, model, soon
from tests.adapters.generator.wire.transcripts import DRAFT, parts, transcript
from tests.doubles.time import SocketTimeLoop
from tests.doubles.upstream import Beat, Echo, Endless, Move, Pause, Reply, Reset, Stall, Upstream, upstream

EVENTS = [event + b"\n\n" for event in parts("openai-answer")[2].split(b"\n\n") if event]
BEGINNING = EVENTS[:6]
AT_ONCE = 0.05
"""Seconds within which a provider sees that nobody wants its answer any more."""

ENDLESS: list[Move] = [*BEGINNING, Endless(EVENTS[4] * 20)]


async def left(double: Upstream) -> float:
    """Seconds until the provider saw that its client had left."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(5):
        await double.idle.wait()
    return double.left_at - began


@pytest.fixture
async def endless() -> AsyncIterator[Model]:
    async with model("openai", Reply(ENDLESS)) as asked:
        yield asked


async def test_closing_the_generator_closes_the_request_at_once(endless: Model) -> None:
    writing = endless.generator.generate(ask(), NEVER)
    await anext(writing)
    assert endless.upstream.under_way == 1
    await writing.aclose()
    sent = endless.upstream.sent
    assert await left(endless.upstream) < AT_ONCE
    assert endless.upstream.under_way == 0
    # At most what was on its way when the client left.
    assert endless.upstream.sent - sent < 256 * 1024
    sent = endless.upstream.sent
    await asyncio.sleep(AT_ONCE)
    assert endless.upstream.sent == sent


@pytest.mark.parametrize(
    "body", [[Stall()], [*BEGINNING, Stall()], ENDLESS], ids=["before it begins", "between reads", "while it writes"]
)
async def test_cancelling_the_reader_closes_the_request_at_once(body: list[Move]) -> None:
    async with model("openai", Reply(body)) as asked:
        reading = asyncio.create_task(asked.write())
        await asked.upstream.began.wait()
        await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert reading.cancelled()
        assert await left(asked.upstream) < AT_ONCE
        assert asked.upstream.abandoned == 1


async def test_cancelling_before_the_head_of_the_response_closes_the_request_at_once() -> None:
    async with model("openai", Reply([], before=[Stall()])) as asked:
        reading = asyncio.create_task(asked.write())
        await asked.upstream.began.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await left(asked.upstream) < AT_ONCE


async def test_a_request_over_tls_is_closed_at_once_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with upstream(Reply(ENDLESS), tls=context) as double:
        endpoint = Endpoint(base_url=f"https://127.0.0.1:{double.port}/v1", ca_file=ca_file)
        async with Session("test", endpoint) as session:
            writing = HttpGenerator(session, dialect("openai")).generate(ask(), NEVER)
            assert await anext(writing)
            await writing.aclose()
            assert await left(double) < AT_ONCE


LATE: dict[str, tuple[Reply, StreamBounds, float, Cause]] = {
    "no head by the deadline": (Reply([], before=[Stall()]), StreamBounds(), 0.05, Cause.MODEL_TIMEOUT),
    "no text by the deadline": (Reply([Stall()]), StreamBounds(), 0.05, Cause.MODEL_TIMEOUT),
    "no end by the deadline": (Reply(ENDLESS), StreamBounds(), 0.05, Cause.MODEL_TIMEOUT),
    "an error that does not end": (
        Reply([b"{", Stall()], "500 Internal Server Error"),
        StreamBounds(),
        0.05,
        Cause.MODEL_TIMEOUT,
    ),
    "silence in the middle": (
        Reply([*BEGINNING, Stall()]),
        StreamBounds(silence_seconds=0.05),
        5.0,
        Cause.MODEL_INTERRUPTED,
    ),
}


@pytest.mark.parametrize("case", LATE)
async def test_what_is_late_fails_by_its_bound_and_is_closed(case: str) -> None:
    reply, bounds, seconds, cause = LATE[case]
    async with model("openai", reply, bounds=bounds) as asked:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Failure) as failure:
            await asked.write(soon(seconds))
        took = asyncio.get_running_loop().time() - began
        assert failure.value.cause is cause
        assert 0.045 < took < 0.05 + AT_ONCE
        await left(asked.upstream)
        assert asked.upstream.left_at - began < 0.05 + AT_ONCE


def until(mark: bytes, name: str) -> list[Move]:
    """The events of a transcript up to the first that holds a mark, without any count of tokens."""
    events = [event + b"\n\n" for event in parts(name)[2].split(b"\n\n") if event]
    last = next(at for at, event in enumerate(events) if mark in event)
    return [*events[:last], events[last].replace(b'"usage":{"output_tokens":66}', b'"usage":{}')]


OPEN: dict[str, tuple[str, list[Move]]] = {
    "chat": ("openai", until(b'"finish_reason":"stop"', "openai-answer")),
    "messages": ("anthropic", until(b'"stop_reason":"tool_use"', "anthropic-answer")),
}


@pytest.mark.parametrize(
    "after", [Stall(), Endless(b": keep-alive\n\n"), Endless(b"data: {}\n\n")], ids=["silence", "comments", "events"]
)
@pytest.mark.parametrize("protocol", OPEN)
async def test_an_answer_whose_connection_stays_open_ends_soon_after_its_reason(protocol: str, after: Move) -> None:
    name, body = OPEN[protocol]
    async with model(name, Reply([*body, after])) as asked:
        began = asyncio.get_running_loop().time()
        text, last, _ = await asked.write(soon(30.0))
        assert (text, last.reason, last.usage.estimated) == (DRAFT, FinishReason.COMPLETE, True)
        assert 0.5 <= asyncio.get_running_loop().time() - began < 0.5 + AT_ONCE
        await left(asked.upstream)


async def test_an_answer_whose_connection_stays_open_is_not_lost_to_the_deadline() -> None:
    name, body = OPEN["chat"]
    async with model(name, Reply([*body, Stall()])) as asked:
        began = asyncio.get_running_loop().time()
        await asked.write(soon(0.2))
        assert asyncio.get_running_loop().time() - began < 0.15


async def test_a_reason_with_every_chunk_ends_nothing() -> None:
    slow: list[Move] = []
    for event in EVENTS:
        slow += [event.replace(b'"finish_reason":null', b'"finish_reason":"stop"'), Pause(0.1)]
    async with model("openai", Reply(slow)) as asked:
        assert (await asked.write())[0] == DRAFT


async def test_a_loop_that_was_held_up_reads_what_came_in_time() -> None:
    def held_up(body: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SocketTimeLoop)
        loop.advance(10.0)
        return EVENTS[6]

    late: list[Move] = [*BEGINNING, Pause(0.01), Echo(held_up), *EVENTS[7:]]
    async with model("openai", Reply(late), bounds=StreamBounds(silence_seconds=1.0)) as asked:
        assert (await asked.write())[0] == DRAFT


async def test_a_slow_reader_is_not_the_providers_silence() -> None:
    cut: list[Move] = [*BEGINNING, Beat(), *EVENTS[6:20], Pause(0.01), *EVENTS[20:]]
    async with model("openai", Reply(cut), bounds=StreamBounds(silence_seconds=0.03)) as asked:
        pieces: list[Piece] = []
        async with aclosing(asked.generator.generate(ask(), NEVER)) as written:
            async for piece in written:
                pieces.append(piece)
                await asyncio.sleep(0.07)
        assert "".join(map(str, pieces[:-1])) == DRAFT
        assert len(pieces) > 2


async def test_the_request_is_closed_at_the_deadline_though_the_reader_does_not_come_back() -> None:
    async with model("openai", Reply(ENDLESS)) as asked:
        written = asked.generator.generate(ask(), soon(0.05))
        await anext(written)
        assert await left(asked.upstream) < 0.05 + AT_ONCE
        with pytest.raises(Failure) as failure:
            await anext(written)
        assert failure.value.cause is Cause.MODEL_TIMEOUT


async def test_without_time_nobody_is_asked() -> None:
    async with model("openai", transcript("openai-answer")) as asked:
        with pytest.raises(Failure) as failure:
            await asked.write(Deadline(asyncio.get_running_loop().time() - 1))
        assert failure.value.cause is Cause.MODEL_TIMEOUT
        assert asked.upstream.connections == 0


@pytest.mark.parametrize("cut", [[], [Beat()], [Pause(0.01)]], ids=["in one", "in two reads", "later"])
async def test_a_connection_is_used_again_after_an_answer(cut: list[Move]) -> None:
    async with model("openai", Reply([*EVENTS, *cut])) as asked:
        for _ in range(3):
            await asked.write()
            await asked.upstream.idle.wait()
            await asyncio.sleep(0.01)
        assert asked.upstream.connections == 1


async def test_an_answer_is_given_before_the_last_bytes_of_its_response() -> None:
    async with model("openai", Reply([*EVENTS, Stall()])) as asked:
        text, _, _ = await asked.write(soon(5.0))
        assert text == DRAFT
        assert asked.upstream.under_way == 1
        # What does not end by itself is ended.
        assert await left(asked.upstream) < 0.1 + AT_ONCE


async def test_a_kept_connection_that_the_provider_closed_is_no_failure() -> None:
    hangs_up = Reply(EVENTS, hangs_up=True)
    async with model("openai", hangs_up) as asked:
        for _ in range(5):
            assert (await asked.write())[0] == DRAFT
        assert len(asked.upstream.requests) == 5


async def test_a_new_connection_that_breaks_is_a_failure_at_once() -> None:
    async with model("openai", Reply([], before=[Reset()])) as asked:
        with pytest.raises(Failure) as failure:
            await asked.write()
        assert failure.value.cause is Cause.MODEL_UNAVAILABLE
        assert asked.upstream.connections == 1


async def test_closing_the_session_leaves_nothing_open() -> None:
    async with upstream(Reply([*EVENTS, Stall()])) as double:
        async with Session("test", Endpoint(base_url=f"http://127.0.0.1:{double.port}/v1")) as session:
            await Model(HttpGenerator(session, dialect("openai")), double).write()
            assert double.under_way == 1
        assert await left(double) < AT_ONCE


@pytest.mark.parametrize(("apart", "expected"), [(Beat(), 2), (Pause(0.03), 3)], ids=["at once", "apart"])
async def test_tokens_that_come_together_are_one_piece_and_the_first_waits_for_none(apart: Move, expected: int) -> None:
    cut: list[Move] = [b"".join(EVENTS[:20]), apart, b"".join(EVENTS[20:26]), apart, b"".join(EVENTS[26:])]
    async with model("openai", Reply(cut)) as asked:
        text, _, pieces = await asked.write()
        assert (text, pieces) == (DRAFT, expected)


async def test_tokens_that_trickle_leave_together_fifty_times_a_second() -> None:
    slow: list[Move] = []
    for event in EVENTS:
        slow += [event, Pause(0.002)]
    async with model("openai", Reply(slow)) as asked:
        began = asyncio.get_running_loop().time()
        text, _, pieces = await asked.write()
        took = asyncio.get_running_loop().time() - began
        assert text == DRAFT
        # The draft's frame, and the first of its text, came one by one.
        assert pieces <= took / 0.02 + 16
        assert pieces < len(EVENTS) - 4


async def test_how_long_tokens_are_gathered_can_be_set() -> None:
    slow: list[Move] = []
    for event in EVENTS:
        slow += [event, Pause(0.002)]
    pieces = []
    for seconds in (0.0, 0.02, 0.05):
        async with model("openai", Reply(slow), bounds=StreamBounds(gather_seconds=seconds)) as asked:
            text, _, count = await asked.write()
        assert text == DRAFT
        pieces.append(count)
    at_once, twenty, fifty = pieces
    assert at_once > twenty > fifty


LONG = StreamBounds(gather_seconds=0.1)


async def test_the_end_is_not_held_back_with_what_came_before_it() -> None:
    cut: list[Move] = [b"".join(EVENTS[:20]), Beat(), b"".join(EVENTS[20:26]), Pause(0.03), b"".join(EVENTS[26:])]
    async with model("openai", Reply(cut), bounds=LONG) as asked:
        began = asyncio.get_running_loop().time()
        assert (await asked.write())[0] == DRAFT
        assert asyncio.get_running_loop().time() - began < 0.05


async def test_an_answer_that_came_whole_is_not_lost_with_its_connection() -> None:
    cut: list[Move] = [b"".join(EVENTS[:20]), Beat(), b"".join(EVENTS[20:26]), Pause(0.03), b"".join(EVENTS[26:])]
    async with model("openai", Reply([*cut, Beat(), Reset()]), bounds=LONG) as asked:
        assert (await asked.write())[0] == DRAFT
