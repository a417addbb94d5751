"""How the server's word on a call that is still being written to is kept."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire._aio.ingest import Ending
from groundwire.errors import Error, from_call

MASK = (grpc.StatusCode.INTERNAL, "Internal error from Core")
REAL = (grpc.StatusCode.UNAVAILABLE, "the store is gone")


class Call:
    """A call whose status is set more than once, as grpc.aio does (grpc/grpc#36066)."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Call], None]] = []
        self._status = REAL

    def add_done_callback(self, callback: "Callable[[Call], None]") -> None:
        self._callbacks.append(callback)

    def end(self, status: tuple[grpc.StatusCode, str]) -> None:
        self._status = status
        for callback in self._callbacks:
            callback(self)

    async def code(self) -> grpc.StatusCode:
        return self._status[0]

    async def details(self) -> str:
        return self._status[1]

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata()


def error_of(code: grpc.StatusCode | None, details: str | None, trailers: grpc.aio.Metadata | None) -> Error:
    return from_call(code, details, trailers, "host:1")


def failed(status: tuple[grpc.StatusCode, str]) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(status[0], grpc.aio.Metadata(), grpc.aio.Metadata(), status[1])


@pytest.mark.parametrize("statuses", [[REAL, MASK], [MASK, REAL]])
async def test_the_servers_status_wins(statuses: list[tuple[grpc.StatusCode, str]]) -> None:
    call: Any = Call()
    ending = Ending(call, error_of)
    for status in statuses:
        call.end(status)

    assert (await ending.error(failed(MASK))).code is grpc.StatusCode.UNAVAILABLE


async def test_the_servers_status_is_waited_for() -> None:
    call: Any = Call()
    ending = Ending(call, error_of)
    call.end(MASK)
    asyncio.get_running_loop().call_soon(call.end, REAL)

    assert (await ending.error(failed(MASK))).code is grpc.StatusCode.UNAVAILABLE


async def test_without_the_servers_status_there_is_grpcs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundwire._aio.ingest._MASKED_WAIT", 0)
    call: Any = Call()
    ending = Ending(call, error_of)
    call.end(MASK)

    assert (await ending.error(failed(MASK))).code is grpc.StatusCode.INTERNAL
