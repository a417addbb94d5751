"""DocumentService."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import grpc.aio

from groundwire.v1 import document_pb2, document_service_pb2
from groundwire.v1.document_pb2 import IngestState
from groundwire.v1.document_service_pb2_grpc import DocumentServiceServicer
from groundwire_server.corpus.purge import plan_purge, purge
from groundwire_server.corpus.quarantine import held_document, held_documents
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import DocumentInfo, Listing, Position, PutState, Stored
from groundwire_server.domain.erasure import ErasedPlaceKind, Erasure
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.quarantine import also_reviewing
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Feature, Priority, Reason
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.document import document_from_pb, info_to_pb, listing_from_pb
from groundwire_server.edge.convert.erasure import receipt_to_pb, selection_from_pb
from groundwire_server.edge.convert.filters import filter_from_pb
from groundwire_server.edge.convert.flags import fill_flags, ingest_state
from groundwire_server.edge.convert.request import Received
from groundwire_server.edge.interceptors.access import caller_of, check_role
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.quarantine_log import QuarantineLog
from groundwire_server.edge.sink import write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.edge.statuses import rejection_of, status_of
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry.metrics import DOCUMENTS, DOCUMENTS_DELETED, DOCUMENTS_RELEASED, GUARD_FINDINGS

DEFAULT_SECONDS = 30.0
"""Seconds of a document call without a deadline of its own."""

INGEST_SECONDS = 900.0
"""The most seconds for storing one document: the largest, of 3.9 MB, takes the local embedder about 250 s."""

ERASE_SECONDS = 900.0
"""The most seconds of an erasure: the file of an embedded store is written anew."""

_ID_SHOWN = 256
_PAGE_BYTES = 2 * 1024 * 1024
"""The largest page: half of the message that clients receive by default."""


class Documents(DocumentServiceServicer):
    """The documents of the caller's tenant."""

    def __init__(
        self, current: CurrentSnapshot, clock: Clock, recorder: Metrics, quarantine_log: QuarantineLog
    ) -> None:
        self._current = current
        self._clock = clock
        self._metrics = recorder
        self._quarantine_log = quarantine_log

    async def IngestDocuments(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request_iterator: AsyncIterator[Received],
        context: "grpc.aio.ServicerContext[Any, document_service_pb2.IngestDocumentsResponse]",
    ) -> None:
        """Store documents one after the other and answer each."""
        call = current_call()
        index = 0
        async for received in request_iterator:
            # The stream may outlast the key, the token or the tenant that it was admitted with.
            call.caller = await caller_of(call, self._current.snapshot.access)
            check_role(call)
            response = await self._result(call, received)
            response.index = index
            if received.message is not None:
                response.document_id = received.message.document.document_id[:_ID_SHOWN]
            await write_bounded(context, response, self._current.snapshot.write_seconds)
            index += 1

    async def PutDocument(
        self, request: document_service_pb2.PutDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.PutDocumentResponse:
        """Store one document."""
        stored = await self._store(current_call(), request)
        response = document_service_pb2.PutDocumentResponse(
            state=ingest_state(stored),
            revision=stored.revision,
            chunk_count=stored.chunk_count,
            corpus_version=stored.corpus_version,
            content_hash=stored.content_hash,
        )
        fill_flags(response.flags, stored.flags)
        return response

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
        page, token = await self._page(current_call(), request, self._current.snapshot.corpus.page)
        return document_service_pb2.ListDocumentsResponse(documents=page, next_page_token=token)

    async def DeleteDocument(
        self, request: document_service_pb2.DeleteDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.DeleteDocumentResponse:
        """Remove a document."""
        call = current_call()
        caller = also_reviewing(call.caller)
        version = await self._current.snapshot.corpus.delete(caller, request.document_id, self._by(call))
        if version is not None:
            self._metrics.add(DOCUMENTS_DELETED, 1)
            return document_service_pb2.DeleteDocumentResponse(deleted=True, corpus_version=version)
        if not request.allow_missing:
            raise _unknown(request.document_id)
        version = await self._current.snapshot.corpus.version(call.caller, self._by(call))
        return document_service_pb2.DeleteDocumentResponse(corpus_version=version)

    async def PurgeDocuments(
        self, request: document_service_pb2.PurgeDocumentsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.PurgeDocumentsResponse:
        """Remove documents that match a filter, or say which would be."""
        call = current_call()
        corpus, by = self._current.snapshot.corpus, self._by(call)
        condition, caller = filter_from_pb(request.filter, "filter"), also_reviewing(call.caller)
        if request.force:
            purged = await purge(corpus, self._clock, caller, condition, by)
            self._metrics.add(DOCUMENTS_DELETED, purged.count)
            return document_service_pb2.PurgeDocumentsResponse(
                purge_count=purged.count, complete=purged.complete, corpus_version=purged.corpus_version
            )
        plan = await plan_purge(corpus, caller, condition, by)
        return document_service_pb2.PurgeDocumentsResponse(
            purge_count=plan.count,
            purge_sample=plan.sample,
            corpus_version=await corpus.version(call.caller, by),
        )

    async def EraseDocuments(
        self, request: document_service_pb2.EraseDocumentsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.EraseDocumentsResponse:
        """Erase documents from every place that holds their texts, or say which would be."""
        call = current_call()
        eraser, by = self._current.snapshot.eraser, self._by(call, ERASE_SECONDS)
        if eraser is None:
            raise Rejection.not_offered(Feature.ERASURE)
        erasure = Erasure(call.caller.tenant, selection_from_pb(request.target))
        if not request.force:
            plan = await eraser.plan(also_reviewing(call.caller), erasure, by)
            return document_service_pb2.EraseDocumentsResponse(document_count=plan.count, document_sample=plan.sample)
        receipt = await eraser.erase(call.caller, erasure, by)
        count = receipt.count(ErasedPlaceKind.DOCUMENTS)
        self._metrics.add(DOCUMENTS_DELETED, count)
        return document_service_pb2.EraseDocumentsResponse(document_count=count, receipt=receipt_to_pb(receipt))

    async def ListQuarantinedDocuments(
        self,
        request: document_service_pb2.ListQuarantinedDocumentsRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> document_service_pb2.ListQuarantinedDocumentsResponse:
        """Return a page of documents in quarantine."""
        corpus = self._current.snapshot.corpus
        page, token = await self._page(current_call(), request, partial(held_documents, corpus))
        return document_service_pb2.ListQuarantinedDocumentsResponse(documents=page, next_page_token=token)

    async def GetQuarantinedDocument(
        self, request: document_service_pb2.GetQuarantinedDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.GetQuarantinedDocumentResponse:
        """Return a document in quarantine."""
        call = current_call()
        corpus, by = self._current.snapshot.corpus, self._by(call)
        held = await held_document(corpus, call.caller, request.document_id, by, include_text=request.include_text)
        if held is None:
            raise _unknown(request.document_id)
        return document_service_pb2.GetQuarantinedDocumentResponse(document=info_to_pb(held.info), text=held.text)

    async def ReleaseDocument(
        self, request: document_service_pb2.ReleaseDocumentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.ReleaseDocumentResponse:
        """Release a document from quarantine."""
        call = current_call()
        by, snapshot = self._by(call, INGEST_SECONDS), self._current.snapshot
        async with snapshot.admission.admitted(self._applicant(call, by)):
            released = await snapshot.ingest.release(call.caller, request.document_id, request.expected_revision, by)
        if released is None:
            raise _unknown(request.document_id)
        if released.state is not PutState.UNCHANGED:
            self._metrics.add(DOCUMENTS_RELEASED, 1)
            self._quarantine_log.released(call, request.document_id)
        return document_service_pb2.ReleaseDocumentResponse(
            revision=released.revision,
            chunk_count=released.chunk_count,
            corpus_version=released.corpus_version,
            content_hash=released.content_hash,
        )

    async def GetCorpusVersion(
        self, request: document_service_pb2.GetCorpusVersionRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> document_service_pb2.GetCorpusVersionResponse:
        """Return the corpus version."""
        call = current_call()
        version = await self._current.snapshot.corpus.version(call.caller, self._by(call))
        return document_service_pb2.GetCorpusVersionResponse(corpus_version=version)

    async def _store(
        self,
        call: Call,
        request: document_service_pb2.IngestDocumentsRequest | document_service_pb2.PutDocumentRequest,
    ) -> Stored:
        result = "FAILED"
        # Read once: a configuration that comes into force meanwhile has other parts.
        snapshot = self._current.snapshot
        by = self._by(call, INGEST_SECONDS)
        try:
            async with snapshot.admission.admitted(self._applicant(call, by)):
                stored = await snapshot.ingest.store(
                    call.caller,
                    document_from_pb(request.document),
                    by,
                    expected_revision=request.expected_revision if request.HasField("expected_revision") else None,
                )
            result = IngestState.Name(ingest_state(stored)).removeprefix("INGEST_STATE_")
            for flag, count in stored.flags.items():
                found = (flag.screen, flag.guard.name, flag.category, flag.action)
                self._metrics.add(GUARD_FINDINGS, count, "", *found)
            if stored.quarantined and stored.state is not PutState.UNCHANGED:
                self._quarantine_log.quarantined(call, request.document.document_id, stored.flags)
            return stored
        except Rejection:
            result = "REJECTED"
            raise
        finally:
            self._metrics.add(DOCUMENTS, 1, result)

    async def _result(self, call: Call, received: Received) -> document_service_pb2.IngestDocumentsResponse:
        response = document_service_pb2.IngestDocumentsResponse()
        try:
            stored = await self._store(call, received.valid())
        except Rejection as rejection:
            response.state = document_pb2.INGEST_STATE_REJECTED
            response.error.CopyFrom(status_of(rejection))
        except Failure as failure:
            response.state = document_pb2.INGEST_STATE_FAILED
            response.error.CopyFrom(status_of(rejection_of(failure)))
        else:
            response.state = ingest_state(stored)
            response.revision = stored.revision
            response.chunk_count = stored.chunk_count
            response.corpus_version = stored.corpus_version
            response.content_hash = stored.content_hash
            fill_flags(response.flags, stored.flags)
        return response

    async def _page(
        self,
        call: Call,
        request: document_service_pb2.ListDocumentsRequest | document_service_pb2.ListQuarantinedDocumentsRequest,
        listed: Callable[[Caller, Listing, Position | None, int, Deadline], Awaitable[Sequence[DocumentInfo]]],
    ) -> tuple[list[document_pb2.DocumentInfo], str]:
        """Return a page of documents, and the token of the next.

        Args:
            call: of the caller.
            request: says which page.
            listed: returns at most some number of documents, those of a listing after a position.
        """
        listing = listing_from_pb(request)
        tokens = PageTokens(request.filter, listing.order.name)
        size = page_size(request.page_size)
        after = tokens.read(request.page_token, _position)
        infos = await listed(call.caller, listing, after, size + 1, self._by(call))
        page = list(_fitting(info_to_pb(info) for info in infos[:size]))
        if len(infos) == len(page):
            return page, ""
        last = infos[len(page) - 1]
        return page, tokens.write(last.document_id, last.updated.isoformat())

    def _applicant(self, call: Call, by: Deadline) -> Applicant:
        requester = Requester(call.caller.tenant, call.caller.subject, priority=Priority.BACKGROUND)
        return Applicant(Work.INGEST, requester, self._clock.now(), by)

    def _by(self, call: Call, most: float = DEFAULT_SECONDS) -> Deadline:
        return call.within(self._clock.now(), most)


def _fitting(documents: Iterable[document_pb2.DocumentInfo]) -> Iterator[document_pb2.DocumentInfo]:
    """Yield the first document, and as many of the others as one page holds with it."""
    size = 0
    for document in documents:
        size += document.ByteSize()
        if size > _PAGE_BYTES and size > document.ByteSize():
            return
        yield document


def _position(document_id: str, updated: str) -> Position:
    return Position(document_id, datetime.fromisoformat(updated))


def _unknown(document_id: str) -> Rejection:
    return Rejection(Reason.DOCUMENT_NOT_FOUND, metadata={"document_id": document_id})
