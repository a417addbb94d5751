"""Sends documents while their results are read: the halves of an ingest that neither client shows."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Iterable, Iterator
from threading import Semaphore
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio

from groundwire.errors import Error, from_call
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest, IngestDocumentsResponse

IngestCall: TypeAlias = "grpc.aio.StreamStreamCall[IngestDocumentsRequest, IngestDocumentsResponse]"

_T = TypeVar("_T")
_MASK = "Internal error from Core"
_MASKED_WAIT = 1.0


class Source:
    """Hands documents to gRPC's sending thread, no more than a few ahead of their results.

    Attributes:
        broken: what the documents' own iteration raised; what was sent before it is answered first.
    """

    def __init__(self, documents: Iterable[Document], unanswered: int) -> None:
        self._documents = documents
        self._room = Semaphore(unanswered)
        self._closed = False
        self.broken: BaseException | None = None

    def __iter__(self) -> Iterator[IngestDocumentsRequest]:
        try:
            for document in self._documents:
                self._room.acquire()
                if self._closed:
                    return
                yield IngestDocumentsRequest(document=document)
        except GeneratorExit:
            raise
        except BaseException as broken:  # noqa: BLE001  # raised again where the results are read
            self.broken = broken

    def answered(self) -> None:
        """Makes room for one more."""
        self._room.release()

    def close(self) -> None:
        """Lets the sending thread end."""
        self._closed = True
        self._room.release()


class AsyncSource:
    """Writes documents to a call, no more than a few ahead of their results.

    Attributes:
        broken: what the documents' own iteration raised; what was sent before it is answered first.
    """

    def __init__(self, documents: Iterable[Document] | AsyncIterable[Document], unanswered: int) -> None:
        self._documents = documents
        self._room = asyncio.Semaphore(unanswered)
        self.broken: BaseException | None = None

    async def send(self, call: IngestCall) -> None:
        """Writes until the documents or the call end."""
        try:
            async for request in self._requests():
                await call.write(request)
            await call.done_writing()
        except (grpc.RpcError, asyncio.InvalidStateError):
            return  # the call is over: whoever reads its results learns why

    def answered(self) -> None:
        """Makes room for one more."""
        self._room.release()

    async def _requests(self) -> AsyncIterator[IngestDocumentsRequest]:
        try:
            async for document in _each(self._documents):
                await self._room.acquire()
                yield IngestDocumentsRequest(document=document)
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as broken:  # noqa: BLE001  # raised again where the results are read
            self.broken = broken


class Ending:
    """Remembers how the server ended a call that is still being written to.

    grpc.aio lets a write that fails because the call is over put a status of its own in place of the server's
    (grpc/grpc#36066). The call's done callback runs for each of them, so the server's is still to be had there.
    """

    def __init__(self, call: IngestCall, server: str) -> None:
        self._server = server
        self._error: Error | None = None
        self._known = asyncio.Event()
        call.add_done_callback(self._ended)

    async def error(self, failed: grpc.aio.AioRpcError) -> Error:
        """What the server said, or else what gRPC did."""
        if self._error is None and failed.details() == _MASK:
            try:
                await asyncio.wait_for(self._known.wait(), _MASKED_WAIT)
            except TimeoutError:
                self._error = None
        return self._error or from_call(failed.code(), failed.details(), failed.trailing_metadata(), self._server)

    def _ended(self, call: IngestCall) -> None:
        details = _at_once(call.details())
        if self._error is None and details != _MASK:
            trailers = _at_once(call.trailing_metadata())
            self._error = from_call(_at_once(call.code()), details, trailers, self._server)
            self._known.set()


def _at_once(coroutine: Coroutine[Any, Any, _T]) -> _T | None:
    """The result of a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: _T = finished.value
        return result
    coroutine.close()
    return None


async def _each(documents: Iterable[Document] | AsyncIterable[Document]) -> AsyncIterator[Document]:
    if isinstance(documents, AsyncIterable):
        async for document in documents:
            yield document
    else:
        for document in documents:
            yield document
