"""Calls are let in when their caller is known, and their metadata is of a size that can be looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc.aio
import pytest

from groundwire.v1 import document_service_pb2
from groundwire_server.domain.caller import Caller
from groundwire_server.edge.interceptors.limits import CallPlaces
from groundwire_server.edge.interceptors.reception import Reception, RequestReader
from groundwire_server.edge.options import ArrivalOptions, RequestBytesOptions
from tests.doubles.counts import Counts

METHOD = "groundwire.v1.DocumentService/GetCorpusVersion"
PARSE = document_service_pb2.GetCorpusVersionRequest.FromString


class Context:
    """A call that sends metadata and an empty request."""

    def __init__(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        self._metadata = metadata
        self.code = grpc.StatusCode.OK

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self._metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    async def read(self) -> bytes:
        return b""

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        pass

    def set_trailing_metadata(self, metadata: object) -> None:
        pass


async def served(context: Context, max_bytes: int) -> list[Mapping[str, str]]:
    """The metadata with which a call is served, once for each time that it is."""
    reader, options = RequestReader(RequestBytesOptions()), ArrivalOptions()
    calls: list[Mapping[str, str]] = []

    async def precheck(metadata: Mapping[str, str], context: Any) -> Caller:
        return Caller("acme", "ann")

    async def serve(metadata: Mapping[str, str], caller: Caller, request: Any) -> None:
        calls.append(metadata)

    reception = Reception(CallPlaces.of_services(options, 1), precheck, reader, options, max_bytes, Counts())
    try:
        await reception.receive(METHOD, reader.format_of(METHOD, PARSE), context, serve, stream=False)
    finally:
        reader.close()
    return calls


async def test_values_of_a_repeated_key_are_joined_and_bytes_left_out() -> None:
    assert await served(Context([("k", "a"), ("k", "b"), ("k-bin", b"\0")]), 200) == [{"k": "a,b"}]


@pytest.mark.parametrize(
    "metadata",
    [[("k", "a" * 8000)] * 2000, [("k", "")] * 4, [("k-bin", bytes(80))]],
    ids=["values in many frames", "empty values", "bytes"],
)
async def test_a_call_whose_metadata_is_too_large_is_refused(metadata: Sequence[tuple[str, str | bytes]]) -> None:
    context = Context(metadata)
    assert await served(context, 100) == []
    assert context.code is grpc.StatusCode.INVALID_ARGUMENT
