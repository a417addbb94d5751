# Generated from clients/python/src/groundwire/_async/documents.py: change that, then `make generate`.
"""The calls about documents."""

from collections.abc import Generator, Iterator

from groundwire._sync.connection import Connection
from groundwire._threads.ingest import Documents, ingest
from groundwire.channels import INGEST_TIMEOUT
from groundwire.v1.document_pb2 import Document, DocumentInfo, DocumentOrder
from groundwire.v1.document_service_pb2 import (
    DeleteDocumentRequest,
    DeleteDocumentResponse,
    EraseDocumentsRequest,
    EraseDocumentsResponse,
    GetCorpusVersionRequest,
    GetDocumentRequest,
    GetDocumentResponse,
    GetQuarantinedDocumentRequest,
    GetQuarantinedDocumentResponse,
    IngestDocumentsResponse,
    ListDocumentsRequest,
    ListQuarantinedDocumentsRequest,
    PurgeDocumentsRequest,
    PurgeDocumentsResponse,
    PutDocumentRequest,
    PutDocumentResponse,
    ReleaseDocumentRequest,
    ReleaseDocumentResponse,
)
from groundwire.v1.erasure_pb2 import ErasureTarget
from groundwire.v1.filter_pb2 import Filter


class DocumentCalls:
    """Calls about the documents of the caller's tenant.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ingest(
        self, documents: Documents, *, unanswered: int = 8, timeout: float = INGEST_TIMEOUT
    ) -> Generator[IngestDocumentsResponse, None, None]:
        """Store documents and yield the result of each, in the order they were given.

        A document that cannot be stored is a result with its error, and the others go on. What was answered stays
        stored when the iteration is left early.

        Args:
            documents: read as there is room for them, so a generator of many is fine; an ``IngestDocumentsRequest`` in
                place of a document says which revision is expected.
            unanswered: the most documents to send ahead of their results.
            timeout: seconds that all of it may take.
        """
        connection = self._connection
        method = connection.documents.IngestDocuments
        return ingest(method, documents, unanswered, timeout, connection.metadata(), connection.error_of)

    def get_document(
        self, document_id: str, *, include_text: bool = False, timeout: float | None = None
    ) -> GetDocumentResponse:
        """Return a document's description and, when asked for, its text."""
        request = GetDocumentRequest(document_id=document_id, include_text=include_text)
        return self._connection.call(self._connection.documents.GetDocument, request, timeout)

    def put_document(
        self, document: Document, *, expected_revision: int | None = None, timeout: float | None = None
    ) -> PutDocumentResponse:
        """Store one document and return what was stored.

        Args:
            document: the document.
            expected_revision: the revision that must be stored for it to be written, 0 for none; None for any.
            timeout: seconds that the call may take.
        """
        request = PutDocumentRequest(document=document, expected_revision=expected_revision)
        return self._connection.call(self._connection.documents.PutDocument, request, timeout)

    def list_documents(
        self,
        *,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        order: "DocumentOrder.ValueType" = DocumentOrder.DOCUMENT_ORDER_UNSPECIFIED,
        page_size: int = 100,
        timeout: float | None = None,
    ) -> Iterator[DocumentInfo]:
        """Yield the documents the caller may see, fetching page after page.

        Args:
            filter: narrows the list by the documents' metadata.
            order: the order; by id unless it says otherwise.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListDocumentsRequest(page_size=page_size, filter=filter, order=order)
        for page in self._connection.pages(self._connection.documents.ListDocuments, request, timeout):
            yield from page.documents

    def delete_document(
        self, document_id: str, *, allow_missing: bool = False, timeout: float | None = None
    ) -> DeleteDocumentResponse:
        """Remove a document with all its passages.

        Args:
            document_id: names the document.
            allow_missing: lets the call succeed where there is no such document, and be sent again when its connection
                was lost.
            timeout: seconds that the call may take.
        """
        request = DeleteDocumentRequest(document_id=document_id, allow_missing=allow_missing)
        method = self._connection.documents.DeleteDocument
        return self._connection.call(method, request, timeout, repeatable=allow_missing)

    def purge_documents(
        self,
        filter: Filter,  # noqa: A002  (the contract's word)
        *,
        force: bool = False,
        timeout: float | None = None,
    ) -> PurgeDocumentsResponse:
        """Count the documents that match a filter and, with `force`, remove them: look at the count first.

        Args:
            filter: selects documents by their metadata.
            force: removes them.
            timeout: seconds that the call may take.
        """
        request = PurgeDocumentsRequest(filter=filter, force=force)
        method = self._connection.documents.PurgeDocuments
        return self._connection.call(method, request, timeout, repeatable=not force)

    def erase_documents(
        self, target: ErasureTarget, *, force: bool = False, timeout: float | None = None
    ) -> EraseDocumentsResponse:
        """Count the documents that a target names and, with `force`, remove their texts from wherever they are held.

        Args:
            target: names a document, a source or the whole tenant.
            force: erases them; the response has a receipt.
            timeout: seconds that the call may take; by default as long as an ingest, for a large store takes minutes.
        """
        request = EraseDocumentsRequest(target=target, force=force)
        method = self._connection.documents.EraseDocuments
        if timeout is None and force:
            timeout = INGEST_TIMEOUT
        return self._connection.call(method, request, timeout, repeatable=not force)

    def list_quarantined_documents(
        self,
        *,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        order: "DocumentOrder.ValueType" = DocumentOrder.DOCUMENT_ORDER_UNSPECIFIED,
        page_size: int = 100,
        timeout: float | None = None,
    ) -> Iterator[DocumentInfo]:
        """Yield the documents in quarantine, fetching page after page: the role operator is needed.

        Args:
            filter: narrows the list by the documents' metadata.
            order: the order; by id unless it says otherwise.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListQuarantinedDocumentsRequest(page_size=page_size, filter=filter, order=order)
        for page in self._connection.pages(self._connection.documents.ListQuarantinedDocuments, request, timeout):
            yield from page.documents

    def get_quarantined_document(
        self, document_id: str, *, include_text: bool = False, timeout: float | None = None
    ) -> GetQuarantinedDocumentResponse:
        """Return a document in quarantine and, when asked for, its text: the role operator is needed."""
        request = GetQuarantinedDocumentRequest(document_id=document_id, include_text=include_text)
        return self._connection.call(self._connection.documents.GetQuarantinedDocument, request, timeout)

    def release_document(
        self, document_id: str, expected_revision: int, *, timeout: float | None = None
    ) -> ReleaseDocumentResponse:
        """Release a document from quarantine, so that it is found: the role operator is needed.

        Args:
            document_id: names the document.
            expected_revision: the revision that was reviewed; another is not released.
            timeout: seconds that the call may take; by default as long as an ingest, for the text is embedded.
        """
        request = ReleaseDocumentRequest(document_id=document_id, expected_revision=expected_revision)
        method = self._connection.documents.ReleaseDocument
        return self._connection.call(method, request, INGEST_TIMEOUT if timeout is None else timeout)

    def corpus_version(self, *, timeout: float | None = None) -> str:
        """Return the corpus's version: two equal ones mean the same documents."""
        method = self._connection.documents.GetCorpusVersion
        response = self._connection.call(method, GetCorpusVersionRequest(), timeout)
        return response.corpus_version
