# Generated from clients/python/src/groundwire/_async/client.py: change that, then `make generate`.
"""The client for programs without asyncio."""

from collections.abc import Generator, Iterable, Iterator
from types import TracebackType
from typing import Self

import grpc

from groundwire._sync.connection import Connection
from groundwire._sync.stream import SyncAnswerStream
from groundwire._threads.calls import INTERRUPTED
from groundwire._threads.ingest import Documents, ingest
from groundwire.caller import Caller
from groundwire.channels import DEFAULT_SERVER, DEFAULT_TIMEOUT, INGEST_TIMEOUT
from groundwire.outcomes import Outcome, outcome_of
from groundwire.requests import answer_request, question_of, retrieve_request, stream_request
from groundwire.retrying import DEFAULT_RETRY, Retry
from groundwire.security import Credential, Tls, Token, channel_credentials
from groundwire.settings import Settings
from groundwire.v1.answer_service_pb2 import CancelAnswerRequest
from groundwire.v1.document_pb2 import DocumentInfo
from groundwire.v1.document_service_pb2 import (
    DeleteDocumentRequest,
    GetCorpusVersionRequest,
    GetDocumentRequest,
    GetDocumentResponse,
    IngestDocumentsResponse,
    ListDocumentsRequest,
)
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse


class SyncClient:
    """A connection to a groundwire server, for programs without asyncio. Use it with ``with``, or call ``close``.

    Every call has a deadline, `timeout` where a call names none, and raises ``groundwire.Error`` when it fails.

    Args:
        server: the server's address, or a channel of your own, which you close yourself.
        tenant: whose documents the calls are about; a server with authentication takes it from the credential.
        subject: the caller's name, for a server without authentication.
        principals: what the caller may see documents as, such as groups, for a server without authentication.
        token: a bearer token, or a function that returns the one to send; it is called for every call.
        api_key: an API key, in place of a token.
        tls: secures the connection.
        credentials: gRPC's own, in place of `tls`.
        timeout: seconds that a call may take, with everything that is sent again.
        retry: when a call that failed is sent again; None for never.

    Raises:
        ValueError: when a credential would go to another machine over a connection that is not secured, among others.
    """

    def __init__(
        self,
        server: str | grpc.Channel = DEFAULT_SERVER,
        *,
        tenant: str = "",
        subject: str = "",
        principals: Iterable[str] = (),
        token: Token | None = None,
        api_key: str | None = None,
        tls: Tls | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        retry: Retry | None = DEFAULT_RETRY,
    ) -> None:
        caller = Caller.of(tenant, subject, principals)
        secure = channel_credentials(tls, credentials)
        self._connection = Connection(server, caller, Credential(token, api_key), secure, timeout, retry)

    @classmethod
    def from_env(
        cls,
        *,
        subject: str = "",
        principals: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        retry: Retry | None = DEFAULT_RETRY,
    ) -> Self:
        """Return a client that connects as the environment says, by the variables of the `groundwire` command.

        They are ``GROUNDWIRE_SERVER``, ``_TENANT``, ``_TOKEN`` or ``_TOKEN_FILE``, ``_API_KEY`` or ``_API_KEY_FILE``,
        ``_TLS``, ``_TLS_CA``, ``_TLS_CERT`` and ``_TLS_KEY``. Without a credential or a tenant, the tenant is `local`.

        Raises:
            ValueError: when what they say cannot be used.
        """
        settings = Settings.from_environment()
        credential = settings.credential()
        return cls(
            settings.server,
            tenant=settings.caller_tenant(credential),
            subject=subject,
            principals=principals,
            token=credential.token,
            api_key=credential.api_key,
            tls=settings.security(),
            timeout=timeout,
            retry=retry,
        )

    def answer(
        self,
        question: str | Question,
        *,
        route: str = "",
        request_id: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        passages: Iterable[ProvidedPassage] | None = None,
        timeout: float | None = None,
    ) -> Outcome:
        """Ask a question and return how it ended.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty takes a new one when the client retries.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            timeout: seconds that the call may take.
        """
        asked = question_of(question, route, top_k, filter, passages)
        request = answer_request(asked, request_id, self._connection.retry)
        try:
            response = self._connection.call(self._connection.answers.Answer, request, timeout)
        except INTERRUPTED:
            self._connection.abandon(request.request_id)
            raise
        return outcome_of(response.outcome)

    def stream(
        self,
        question: str | Question,
        *,
        route: str = "",
        request_id: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        passages: Iterable[ProvidedPassage] | None = None,
        provisional: bool = False,
        resume_window: float | None = None,
        after_sequence: int | None = None,
        timeout: float | None = None,
    ) -> SyncAnswerStream:
        """Ask a question and return the events on the way to its outcome, which is the last.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty takes a new one when the answer has a resume window.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            provisional: lets text arrive before it was checked; a retraction takes back what does not stand.
            resume_window: seconds for which the answer goes on when the connection is lost, so that the stream can be
                resumed; None takes that of `retry`, and 0 ends the answer at once.
            after_sequence: resumes the answer of `request_id` after this event.
            timeout: seconds that all of it may take.
        """
        asked = question_of(question, route, top_k, filter, passages)
        retry = self._connection.retry
        request = stream_request(asked, request_id, provisional, resume_window, after_sequence, retry)
        return SyncAnswerStream(self._connection, request, timeout)

    def cancel(self, request_id: str, *, timeout: float | None = None) -> bool:
        """End an answer in flight; return False when there was none of that id."""
        request = CancelAnswerRequest(request_id=request_id)
        return (self._connection.call(self._connection.answers.CancelAnswer, request, timeout)).cancelled

    def retrieve(
        self,
        text: str,
        *,
        route: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        timeout: float | None = None,
    ) -> RetrieveResponse:
        """Return the passages that an answer to the text would be drawn from, best first."""
        request = retrieve_request(text, route, top_k, filter)
        return self._connection.call(self._connection.retrieval.Retrieve, request, timeout)

    def ingest(
        self, documents: Documents, *, unanswered: int = 8, timeout: float = INGEST_TIMEOUT
    ) -> Generator[IngestDocumentsResponse, None, None]:
        """Store documents and yield the result of each, in the order they were given.

        A document that cannot be stored is a result with its error, and the others go on. What was answered stays
        stored when the iteration is left early.

        Args:
            documents: read as there is room for them, so a generator of many is fine.
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

    def list_documents(self, *, page_size: int = 100, timeout: float | None = None) -> Iterator[DocumentInfo]:
        """Yield the documents the caller may see, ordered by id, fetching page after page."""
        request = ListDocumentsRequest(page_size=page_size)
        while True:
            page = self._connection.call(self._connection.documents.ListDocuments, request, timeout)
            yield from page.documents
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    def delete_document(self, document_id: str, *, timeout: float | None = None) -> str:
        """Remove a document and return the version that the corpus has without it."""
        request = DeleteDocumentRequest(document_id=document_id)
        call = self._connection.call(self._connection.documents.DeleteDocument, request, timeout, repeatable=False)
        return (call).corpus_version

    def corpus_version(self, *, timeout: float | None = None) -> str:
        """Return the corpus's version: two equal ones mean the same documents."""
        method = self._connection.documents.GetCorpusVersion
        return (self._connection.call(method, GetCorpusVersionRequest(), timeout)).corpus_version

    def close(self) -> None:
        """End the connection and all that goes on over it, unless the channel is your own."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<groundwire.{type(self).__name__} {self._connection}>"
