"""Sends documents while their results are read, without asyncio."""

from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Semaphore
from typing import TypeAlias, cast

import grpc

from groundwire.caller import Metadata
from groundwire.errors import Error
from groundwire.requests import ingest_request
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest, IngestDocumentsResponse

Documents: TypeAlias = Iterable[Document | IngestDocumentsRequest]
IngestMethod: TypeAlias = "grpc.StreamStreamMultiCallable[IngestDocumentsRequest, IngestDocumentsResponse]"
ErrorOf: TypeAlias = Callable[[grpc.StatusCode | None, str | None, Iterable[tuple[str, str | bytes]] | None], Error]


def ingest(
    method: IngestMethod, documents: Documents, unanswered: int, timeout: float, metadata: Metadata, error_of: ErrorOf
) -> Generator[IngestDocumentsResponse, None, None]:
    """Yield the result of each document.

    Args:
        method: the call.
        documents: read in a thread of gRPC's, as there is room for them.
        unanswered: the most documents to send ahead of their results.
        timeout: seconds for all of it.
        metadata: goes with the call.
        error_of: makes the error of a status.

    Raises:
        Error: when the call fails.
    """
    source = Source(documents, unanswered)
    call = method(iter(source), timeout=timeout, metadata=metadata)
    try:
        for result in call:
            source.answered()
            yield result
    except grpc.RpcError as failed:
        said = cast("grpc.Call", failed)  # every error that a call raises is the call itself
        raise source.broken or error_of(said.code(), said.details(), said.trailing_metadata()) from None
    finally:
        source.close()
        call.cancel()
    if source.broken is not None:
        raise source.broken


class Source:
    """Hands documents to gRPC's sending thread, no more than a few ahead of their results.

    Attributes:
        broken: what the documents' own iteration raised; what was sent before it is answered first.
    """

    def __init__(self, documents: Documents, unanswered: int) -> None:
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
                yield ingest_request(document)
        except GeneratorExit:
            raise
        except BaseException as broken:  # noqa: BLE001  # raised again where the results are read
            self.broken = broken

    def answered(self) -> None:
        """Make room for one more."""
        self._room.release()

    def close(self) -> None:
        """Let the sending thread end."""
        self._closed = True
        self._room.release()
