"""Connections have a number, a time to begin and a pace, whatever they carry."""

import asyncio
import time
from pathlib import Path

import pytest
from hyperframe.frame import PingFrame

from groundwire_server.app.clock import SystemClock
from groundwire_server.edge.options import ServerOptions, TlsOptions, TransportOptions
from groundwire_server.edge.tls import ServerTls
from tests.attacks.wire import PREFACE, wires
from tests.doubles.certificates import Authority
from tests.e2e.calls import answer, ingest
from tests.e2e.conftest import Serve

CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)


def options(**limits: float) -> ServerOptions:
    return ServerOptions(connections=TransportOptions.model_validate(limits))


async def test_a_connection_too_many_is_closed_at_once(serve: Serve) -> None:
    async with serve(options=options(max_connections=5)) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        async with wires(product.address, 20) as opened:
            for wire in opened:
                await wire.begin()
            waiting = {asyncio.create_task(wire.closed()) for wire in opened}
            while len(waiting) > 4:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert (await answer(product)).WhichOneof("result") == "answered"
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()


@pytest.mark.parametrize("beginning", [b"", PREFACE[:10], PREFACE], ids=["nothing", "half a preface", "no settings"])
async def test_a_handshake_that_does_not_end_is_ended(serve: Serve, beginning: bytes) -> None:
    async with serve(options=options(handshake_seconds=1)) as product, wires(product.address) as (wire,):
        await wire.send(beginning)
        await wire.closed()


async def test_a_tls_handshake_that_does_not_end_is_ended(serve: Serve, tmp_path: Path) -> None:
    certificate, key = Authority().issue().write(tmp_path)
    tls = ServerTls(TlsOptions(certificate=certificate, key=key), SystemClock())
    async with serve(options=options(handshake_seconds=1), tls=tls) as product, wires(product.address, 2) as opened:
        for wire, beginning in zip(opened, (b"", CLIENT_HELLO), strict=True):
            await wire.send(beginning)
            await wire.closed()


async def test_a_connection_without_a_call_is_closed_in_time(serve: Serve) -> None:
    async with serve(options=options(idle_seconds=1)) as product, wires(product.address) as (wire,):
        await wire.begin()
        assert b"connection idle" in await wire.closed()


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_client_may_ping_as_often_as_the_limit_says(serve: Serve, *, allowed: bool) -> None:
    """A client pings while no call is in flight, or while the model of one is silent."""
    shortest = 0.1 if allowed else 5.0
    async with serve(options=options(min_ping_seconds=shortest)) as product, wires(product.address) as (wire,):
        await wire.begin()
        closing = asyncio.create_task(wire.closed())
        for number in range(6):
            await wire.send(PingFrame(0, opaque_data=bytes([number] * 8)))
            # gRPC has a clock of its own.
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.11)
        if allowed:
            assert not closing.done()
            closing.cancel()
        else:
            assert b"too_many_pings" in await closing
