"""What comes over the wire and should not: after each, the next good call is answered, and the server is as before."""

import asyncio
import gc
import gzip
import logging
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest
from hyperframe.frame import ContinuationFrame, HeadersFrame, PingFrame, SettingsFrame, WindowUpdateFrame

from groundwire_server.adapters.onnx.session import give_memory_back
from tests.attacks.wire import PREFACE, Wire, head, message, wires
from tests.e2e.calls import answer
from tests.e2e.conftest import Product
from tests.e2e.methods import REQUESTS

ANSWER = "groundwire.v1.AnswerService/Answer"
INGEST = "groundwire.v1.DocumentService/IngestDocuments"
HOSTILE = (("groundwire-tenant", "hostile"),)
QUESTION = message(REQUESTS[ANSWER].SerializeToString())
MOST_MEGABYTES = 100
"""More than any of them may leave behind; a flood that is kept takes hundreds."""
MOST_LINES = 220
"""The decision log writes 100 events alike in 10 s, and counts the others. Calls that reach it end in one of two ways,
by themselves or with their connection, and three attackers make more of them than that."""
FLOOD = 10_000

Attack = Callable[[Wire], Awaitable[Any]]


async def silence(wire: Wire) -> None:
    """Nothing at all."""


async def garbage(wire: Wire) -> None:
    await wire.send(bytes(range(256)) * 256)


async def http_1(wire: Wire) -> None:
    await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await wire.closed()


async def half_a_tls_handshake(wire: Wire) -> None:
    hello = b"\x01\x00\x01\xfc\x03\x03" + bytes(200)
    await wire.send(b"\x16\x03\x01\x02\x00" + hello)


async def half_a_preface(wire: Wire) -> None:
    await wire.send(PREFACE[:10])


async def a_preface_byte_by_byte(wire: Wire) -> None:
    for byte in PREFACE[:-1]:
        await wire.send(bytes([byte]))


async def a_truncated_frame(wire: Wire) -> None:
    await wire.begin()
    await wire.send(struct.pack(">I", 16_384)[1:] + b"\0\0\0\0\0\1" + b"x" * 10)


async def a_frame_larger_than_allowed(wire: Wire) -> None:
    await wire.begin()
    await wire.send(struct.pack(">I", 2**24 - 1)[1:] + b"\0\0\0\0\0\1" + b"x" * 100_000)


async def data_without_headers(wire: Wire) -> None:
    await wire.begin()
    await wire.send(b"\0\0\5\0\1\0\0\0\1hello")


async def continuations(wire: Wire) -> None:
    """Headers that never end, as in CVE-2024-27316."""
    await wire.begin()
    await wire.send(wire.headers(ANSWER, flags=()))
    fragment = ContinuationFrame(1, data=wire.encoder.encode([("x-filler", "a" * 8000)], huffman=False)).serialize()
    for _ in range(2000):
        await wire.send(fragment)


async def empty_continuations(wire: Wire) -> None:
    await wire.begin()
    await wire.send(wire.headers(ANSWER, flags=()), *(ContinuationFrame(1, data=b"") for _ in range(FLOOD)))


async def settings(wire: Wire) -> None:
    await wire.begin()
    await wire.send(*(SettingsFrame(0, settings={4: number}) for number in range(FLOOD)))


async def pings(wire: Wire) -> None:
    await wire.begin()
    await wire.send(*(PingFrame(0, opaque_data=struct.pack(">Q", number)) for number in range(FLOOD)))


async def windows_of_nothing(wire: Wire) -> None:
    await wire.begin()
    await wire.send(wire.headers(ANSWER), *(b"\0\0\4\x08\0\0\0\0\1\0\0\0\0" for _ in range(100)))


async def windows_that_overflow(wire: Wire) -> None:
    await wire.begin()
    await wire.send(*(WindowUpdateFrame(0, window_increment=2**31 - 1) for _ in range(3)))


async def windows_of_streams_that_are_not_there(wire: Wire) -> None:
    await wire.begin()
    await wire.send(*(WindowUpdateFrame(2 * number + 1, window_increment=1) for number in range(FLOOD)))


async def a_huge_header_table(wire: Wire) -> None:
    await wire.begin(HEADER_TABLE_SIZE=2**32 - 1)
    # A block that sets the table of the decoder to 2 GiB.
    await wire.send(HeadersFrame(1, data=b"\x3f\xe1\xff\xff\xff\x07", flags=["END_HEADERS"]))


async def headers_out_of_the_table(wire: Wire) -> None:
    """A header of 4 KB once, and then a byte for each of thousands of copies."""
    await wire.begin()
    await wire.send(wire.headers(ANSWER, [("x-bomb", "a" * 3900)]))
    index = b"\xbe" * 16_000
    await wire.send(HeadersFrame(3, data=wire.encoder.encode(head(ANSWER)) + index, flags=["END_HEADERS"]))


async def metadata_of_a_megabyte(wire: Wire) -> None:
    await wire.begin()
    block = wire.encoder.encode(head(ANSWER, [(f"x-{number}", "a" * 1000) for number in range(1000)]), huffman=False)
    parts = [block[at : at + 16_000] for at in range(0, len(block), 16_000)]
    await wire.send(HeadersFrame(1, data=parts[0]), *(ContinuationFrame(1, data=part) for part in parts[1:-1]))
    await wire.send(ContinuationFrame(1, data=parts[-1], flags=["END_HEADERS"]))


async def rapid_resets(wire: Wire) -> None:
    """Calls that are cancelled as soon as they are begun, as in CVE-2023-44487."""
    await wire.begin()
    for _ in range(FLOOD):
        if not await wire.send(wire.headers(ANSWER, HOSTILE), wire.reset()):
            break


async def rapid_resets_with_requests(wire: Wire) -> None:
    await wire.begin()
    for _ in range(FLOOD):
        if not await wire.send(wire.headers(ANSWER, HOSTILE), wire.data(QUESTION), wire.reset()):
            break


async def headers_alone(wire: Wire) -> None:
    await wire.begin()
    for number in range(100):
        await wire.send(wire.headers((ANSWER, INGEST)[number % 2], HOSTILE))


async def unknown_methods(wire: Wire) -> None:
    await wire.begin()
    for _ in range(1000):
        await wire.send(wire.headers("no.Such/Method"))


async def a_request_in_bytes(wire: Wire) -> None:
    """A request of which each byte comes in a frame of its own; it is answered."""
    await wire.begin()
    await wire.send(wire.headers(ANSWER, HOSTILE))
    for number, byte in enumerate(QUESTION):
        await wire.send(wire.data(bytes([byte]), last=number == len(QUESTION) - 1))
    await wire.reader.readuntil(b"grpc-status")


async def part_of_a_request(wire: Wire) -> None:
    await wire.begin()
    await wire.send(wire.headers(ANSWER, HOSTILE), wire.data(message(b"x" * 10, length=16 * 1024 * 1024), last=False))


async def a_request_of_four_gigabytes(wire: Wire) -> None:
    await wire.begin()
    await wire.send(wire.headers(ANSWER, HOSTILE), wire.data(message(b"x" * 10, length=2**32 - 1), last=False))


async def bytes_that_are_no_message(wire: Wire) -> None:
    await wire.begin()
    for _ in range(100):
        await wire.send(wire.headers(ANSWER, HOSTILE), wire.data(message(b"\xff" * 100)))


async def requests_that_unpack_to_a_thousand_times_their_size(wire: Wire) -> None:
    await wire.begin()
    packed = message(gzip.compress(bytes(60 * 2**20)), compressed=True)
    await wire.send(wire.headers(ANSWER, [*HOSTILE, ("grpc-encoding", "gzip")]))
    for at in range(0, len(packed), 16_000):
        await wire.send(wire.data(packed[at : at + 16_000], last=at + 16_000 >= len(packed)))
    await wire.reader.readuntil(b"message larger than max")


async def a_reader_that_has_stopped(wire: Wire) -> None:
    await wire.begin(INITIAL_WINDOW_SIZE=0)
    for _ in range(100):
        await wire.send(wire.headers(ANSWER, HOSTILE), wire.data(QUESTION))


ATTACKS: list[Attack] = [
    silence,
    garbage,
    http_1,
    half_a_tls_handshake,
    half_a_preface,
    a_preface_byte_by_byte,
    a_truncated_frame,
    a_frame_larger_than_allowed,
    data_without_headers,
    continuations,
    empty_continuations,
    settings,
    pings,
    windows_of_nothing,
    windows_that_overflow,
    windows_of_streams_that_are_not_there,
    a_huge_header_table,
    headers_out_of_the_table,
    metadata_of_a_megabyte,
    rapid_resets,
    rapid_resets_with_requests,
    headers_alone,
    unknown_methods,
    a_request_in_bytes,
    part_of_a_request,
    a_request_of_four_gigabytes,
    bytes_that_are_no_message,
    requests_that_unpack_to_a_thousand_times_their_size,
    a_reader_that_has_stopped,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_the_next_good_call_is_answered_and_nothing_is_left(
    product: Product, attack: Attack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (await answer(product)).WhichOneof("result") == "answered"
    tasks, memory = len(asyncio.all_tasks()), _megabytes()
    caplog.set_level(logging.INFO)
    caplog.clear()
    async with wires(product.address, 3) as attackers:
        async with asyncio.timeout(30):
            await asyncio.gather(*map(attack, attackers))
        assert (await answer(product, seconds=5)).WhichOneof("result") == "answered"
        assert _megabytes() - memory < MOST_MEGABYTES
    assert (await answer(product, seconds=5)).WhichOneof("result") == "answered"
    async with asyncio.timeout(15):
        while len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0)
    lines = [record.getMessage() for record in caplog.records if record.name != "asyncio"]
    lines += capfd.readouterr().err.splitlines()
    assert len(lines) < MOST_LINES, lines[:3]


def _megabytes() -> float:
    """Return what the process holds, less what the allocator keeps of what was freed."""
    gc.collect()
    give_memory_back()
    return float(psutil.Process().memory_info().rss) / 1e6
