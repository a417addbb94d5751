"""Sends documents while their results are read, under asyncio."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio

from groundwire.caller import Metadata
from groundwire.errors import Error
from groundwire.requests import ingest_request
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest, IngestDocumentsResponse

Documents: TypeAlias = Iterable[Document | IngestDocumentsRequest] | AsyncIterable[Document | IngestDocumentsRequest]
IngestMethod: TypeAlias = "grpc.aio.StreamStreamMultiCallable[IngestDocumentsRequest, IngestDocumentsResponse]"
ErrorOf: TypeAlias = Callable[[grpc.StatusCode | None, str | None, grpc.aio.Metadata | None], Error]

_IngestCall: TypeAlias = "grpc.aio.StreamStreamCall[IngestDocumentsRequest, IngestDocumentsResponse]"
_T = TypeVar("_T")
_MASK = "Internal error from Core"
_MASKED_WAIT = 1.0


async def ingest(
    method: IngestMethod, documents: Documents, unanswered: int, timeout: float, metadata: Metadata, error_of: ErrorOf
) -> AsyncGenerator[IngestDocumentsResponse, None]:
    """Yield the result of each document.

    Args:
        method: the call.
        documents: read as there is room for them.
        unanswered: the most documents to send ahead of their results.
        timeout: seconds for all of it.
        metadata: goes with the call.
        error_of: makes the error of a status.

    Raises:
        Error: when the call fails.
    """
    call = method(timeout=timeout, metadata=metadata)
    ending = Ending(call, error_of)
    source = Source(documents, unanswered)
    sending = asyncio.create_task(source.send(call))
    try:
        async for result in call:
            source.answered()
            yield result
    except grpc.aio.AioRpcError as failed:
        raise source.broken or await ending.error(failed) from None
    finally:
        sending.cancel()
        call.cancel()
    if source.broken is not None:
        raise source.broken


class Source:
    """Writes documents to a call, no more than a few ahead of their results.

    Attributes:
        broken: what the documents' own iteration raised; what was sent before it is answered first.
    """

    def __init__(self, documents: Documents, unanswered: int) -> None:
        self._documents = documents
        self._room = asyncio.Semaphore(unanswered)
        self.broken: BaseException | None = None

    async def send(self, call: _IngestCall) -> None:
        """Write until the documents or the call end."""
        try:
            async for request in self._requests():
                await call.write(request)
            await call.done_writing()
        except (grpc.RpcError, asyncio.InvalidStateError):
            return  # the call is over: the reader of its results learns why

    def answered(self) -> None:
        """Make room for one more."""
        self._room.release()

    async def _requests(self) -> AsyncIterator[IngestDocumentsRequest]:
        try:
            async for document in _each(self._documents):
                await self._room.acquire()
                yield ingest_request(document)
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as broken:  # noqa: BLE001  # raised again where the results are read
            self.broken = broken


class Ending:
    """Remembers how the server ended a call that is still being written to.

    grpc.aio lets a write that fails because the call is over put a status of its own in place of the server's
    (grpc/grpc#36066). The call's done callback runs for each of them, so the server's is still to be had there.
    """

    def __init__(self, call: _IngestCall, error_of: ErrorOf) -> None:
        self._error_of = error_of
        self._error: Error | None = None
        self._known = asyncio.Event()
        call.add_done_callback(self._ended)

    async def error(self, failed: grpc.aio.AioRpcError) -> Error:
        """Return what the server said, or else what gRPC did."""
        if self._error is None and failed.details() == _MASK:
            try:
                await asyncio.wait_for(self._known.wait(), _MASKED_WAIT)
            except TimeoutError:
                self._error = None
        return self._error or self._error_of(failed.code(), failed.details(), failed.trailing_metadata())

    def _ended(self, call: _IngestCall) -> None:
        details = _at_once(call.details())
        if self._error is None and details != _MASK:
            self._error = self._error_of(_at_once(call.code()), details, _at_once(call.trailing_metadata()))
            self._known.set()


def _at_once(coroutine: Coroutine[Any, Any, _T]) -> _T | None:
    """Return the result of a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: _T = finished.value
        return result
    coroutine.close()
    return None


async def _each(documents: Documents) -> AsyncIterator[Document | IngestDocumentsRequest]:
    if isinstance(documents, AsyncIterable):
        async for document in documents:
            yield document
    else:
        for document in documents:
            yield document
