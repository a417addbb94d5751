"""DocumentService."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import grpc.aio

from groundwire.v1 import document_pb2, document_service_pb2
from groundwire.v1.document_service_pb2_grpc import DocumentServiceServicer
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Listing, Position
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.document import document_from_pb, info_to_pb
from groundwire_server.edge.convert.words import INGEST_STATES
from groundwire_server.edge.layers.access import check_role
from groundwire_server.edge.layers.identity import caller_of
from groundwire_server.edge.layers.validation import check
from groundwire_server.edge.page_tokens import PageTokens
from groundwire_server.edge.sink import write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.edge.statuses import rejection_of, status_of
from groundwire_server.ports.clock import Clock

DEFAULT_SECONDS = 30.0
"""Time a document call has when it sets no deadline."""

INGEST_SECONDS = 900.0
"""The most time one document of an ingest has: the largest, of 4 MiB, takes the local embedder about 250 s."""

_PAGE_SIZE = 100
_ID_SHOWN = 256
_PAGE_BYTES = 2 * 1024 * 1024
"""A page ends before it is larger: half of what clients take in one message unless told otherwise."""


class Documents(DocumentServiceServicer):
    """Keeps the tenant's documents."""

    def __init__(self, current: CurrentSnapshot, clock: Clock) -> None:
        self._current = current
        self._clock = clock

    async def IngestDocuments(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request_iterator: AsyncIterator[document_service_pb2.IngestDocumentsRequest],
        context: "grpc.aio.ServicerContext[Any, document_service_pb2.IngestDocumentsResponse]",
    ) -> None:
        """Store documents one after the other and answer each."""
        call = current_call()
        index = 0
        async for request in request_iterator:
            # The stream may outlast the key, the token or the tenant that it was let in by.
            call.caller = await caller_of(call, self._current.snapshot.access)
            check_role(call)
            response = await self._stored(call, request)
            response.index = index
            if isinstance(request, document_service_pb2.IngestDocumentsRequest):
                response.document_id = request.document.document_id[:_ID_SHOWN]
            await write_bounded(context, response, self._current.snapshot.write_seconds)
            index += 1

    async def GetDocument(
        self, request: document_service_pb2.GetDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.GetDocumentResponse:
        """Return a document."""
        call = current_call()
        by = self._by(call)
        corpus = self._current.snapshot.corpus
        info = await corpus.info(call.caller, request.document_id, by)
        text = await corpus.text(call.caller, request.document_id, by) if request.include_text else ""
        if info is None or text is None:
            raise _unknown(request.document_id)
        return document_service_pb2.GetDocumentResponse(document=info_to_pb(info), text=text)

    async def ListDocuments(
        self, request: document_service_pb2.ListDocumentsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.ListDocumentsResponse:
        """Return a page of documents."""
        call = current_call()
        size = request.page_size or _PAGE_SIZE
        tokens = PageTokens()
        after = tokens.read(request.page_token)
        infos = await self._current.snapshot.corpus.page(call.caller, Listing(), after, size + 1, self._by(call))
        page = list(_fitting(info_to_pb(info) for info in infos[:size]))
        last = infos[len(page) - 1]
        token = tokens.write(Position(last.document_id, last.updated)) if len(infos) > len(page) else ""
        return document_service_pb2.ListDocumentsResponse(documents=page, next_page_token=token)

    async def DeleteDocument(
        self, request: document_service_pb2.DeleteDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.DeleteDocumentResponse:
        """Remove a document."""
        call = current_call()
        version = await self._current.snapshot.corpus.delete(call.caller, request.document_id, self._by(call))
        if version is None:
            raise _unknown(request.document_id)
        return document_service_pb2.DeleteDocumentResponse(corpus_version=version)

    async def GetCorpusVersion(
        self, request: document_service_pb2.GetCorpusVersionRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.GetCorpusVersionResponse:
        """Return the corpus version."""
        call = current_call()
        version = await self._current.snapshot.corpus.version(call.caller, self._by(call))
        return document_service_pb2.GetCorpusVersionResponse(corpus_version=version)

    async def _stored(
        self, call: Call, request: document_service_pb2.IngestDocumentsRequest
    ) -> document_service_pb2.IngestDocumentsResponse:
        response = document_service_pb2.IngestDocumentsResponse()
        try:
            check(request)
            by = self._by(call, INGEST_SECONDS)
            stored = await self._current.snapshot.ingest.store(call.caller, document_from_pb(request.document), by)
        except Rejection as rejection:
            response.state = document_pb2.INGEST_STATE_REJECTED
            response.error.CopyFrom(status_of(rejection))
        except Failure as failure:
            response.state = document_pb2.INGEST_STATE_FAILED
            response.error.CopyFrom(status_of(rejection_of(failure)))
        else:
            response.state = INGEST_STATES[stored.state]
            response.revision = stored.revision
            response.chunk_count = stored.chunk_count
            response.corpus_version = stored.corpus_version
            response.content_hash = stored.content_hash
        return response

    def _by(self, call: Call, most: float = DEFAULT_SECONDS) -> Deadline:
        own = Deadline(self._clock.now() + most)
        return own if call.deadline is None else min(own, call.deadline)


def _fitting(documents: Iterable[document_pb2.DocumentInfo]) -> Iterator[document_pb2.DocumentInfo]:
    """The first, and those after it that one message holds beside it."""
    size = 0
    for document in documents:
        size += document.ByteSize()
        if size > _PAGE_BYTES and size > document.ByteSize():
            return
        yield document


def _unknown(document_id: str) -> Rejection:
    return Rejection(Reason.DOCUMENT_NOT_FOUND, metadata={"document_id": document_id})
