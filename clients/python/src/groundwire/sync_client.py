"""The client for programs without asyncio."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar, cast

import grpc

from groundwire.caller import Caller
from groundwire.channels import DEFAULT_SERVER, DEFAULT_TIMEOUT, INGEST_TIMEOUT, options
from groundwire.errors import Error, from_call
from groundwire.requests import question_of, retrieve_request, stream_request
from groundwire.security import Proof, Tls, Token, channel_credentials
from groundwire.sending import Source
from groundwire.tracing import trace_metadata
from groundwire.v1.answer_service_pb2 import AnswerRequest, CancelAnswerRequest, StreamAnswerResponse
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_pb2 import Document, DocumentInfo
from groundwire.v1.document_service_pb2 import (
    DeleteDocumentRequest,
    GetCorpusVersionRequest,
    GetDocumentRequest,
    GetDocumentResponse,
    IngestDocumentsResponse,
    ListDocumentsRequest,
)
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class SyncAnswerStream:
    """The events of one answer, to be read with ``for``; leaving or closing it cancels what still runs.

    Attributes:
        outcome: how the question ended, once its event was read.
    """

    def __init__(self, call: "grpc._CallIterator[StreamAnswerResponse]", server: str) -> None:
        self._call = call
        self._server = server
        self._closed = False
        self.outcome: Outcome | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamAnswerResponse:
        if self._closed:
            raise StopIteration
        try:
            event = next(self._call)
        except grpc.RpcError as failed:
            raise _error(failed, self._server) from None
        if event.HasField("outcome"):
            self.outcome = event.outcome
        return event

    def close(self) -> None:
        """Cancels the answer on the server, unless it has ended."""
        self._closed = True
        self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncClient:
    """A connection to a groundwire server. Use it with ``with``, or call ``close``; threads may share it.

    Every call has a deadline, `timeout` where a call names none, and raises ``groundwire.Error`` when it fails.

    Args:
        server: the server's address, or a channel of your own, which you close yourself.
        tenant: whose documents the calls are about; a server with authentication takes it from the credential.
        subject: who calls, for a server without authentication.
        principals: what the caller is allowed to see as, such as groups, for a server without authentication.
        token: a bearer token, or a function that returns the one to send; it is called for every call.
        api_key: an API key, in place of a token.
        tls: secures the connection.
        credentials: gRPC's own, in place of `tls`.
        timeout: seconds that a call may take.

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
    ) -> None:
        self._caller = Caller.of(tenant, subject, principals)
        self._proof = Proof(token, api_key)
        self._timeout = timeout
        self._server = server if isinstance(server, str) else ""
        self._owned: grpc.Channel | None = None
        secure = channel_credentials(tls, credentials)
        if isinstance(server, str):
            self._proof.check_connection(server, secured=secure is not None)
            chosen = options(server)
            channel = self._owned = (
                grpc.insecure_channel(server, options=chosen)
                if secure is None
                else grpc.secure_channel(server, secure, options=chosen)
            )
        else:
            channel = server
        self._answers = AnswerServiceStub(channel)
        self._retrieval = RetrievalServiceStub(channel)
        self._documents = DocumentServiceStub(channel)

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
        """Asks a question and returns how it ended.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty lets the server choose one.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            timeout: seconds that the call may take.
        """
        asked = question_of(question, route, top_k, filter, passages)
        return self._call(self._answers.Answer, AnswerRequest(question=asked, request_id=request_id), timeout).outcome

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
        resume_window: float = 0.0,
        after_sequence: int | None = None,
        timeout: float | None = None,
    ) -> SyncAnswerStream:
        """Asks a question and returns the events on the way to its outcome, which is the last.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty lets the server choose one.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            provisional: lets text arrive before it was checked; a retraction takes back what does not stand.
            resume_window: seconds that the run lives on when the connection is lost.
            after_sequence: resumes the run of the same `request_id` after this event.
            timeout: seconds that the call may take.
        """
        asked = question_of(question, route, top_k, filter, passages)
        call = self._answers.StreamAnswer(
            stream_request(asked, request_id, provisional, resume_window, after_sequence),
            timeout=self._timeout if timeout is None else timeout,
            metadata=self._metadata(),
        )
        return SyncAnswerStream(call, self._server)

    def cancel(self, request_id: str, *, timeout: float | None = None) -> bool:
        """Ends an answer in flight; False when there was none of that id."""
        return self._call(self._answers.CancelAnswer, CancelAnswerRequest(request_id=request_id), timeout).cancelled

    def retrieve(
        self,
        text: str,
        *,
        route: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        timeout: float | None = None,
    ) -> RetrieveResponse:
        """Finds the passages that an answer to the text would be drawn from, best first."""
        return self._call(self._retrieval.Retrieve, retrieve_request(text, route, top_k, filter), timeout)

    def ingest(
        self, documents: Iterable[Document], *, unanswered: int = 8, timeout: float = INGEST_TIMEOUT
    ) -> Iterator[IngestDocumentsResponse]:
        """Stores documents and yields the result of each, in the order they were given.

        A document that cannot be stored is a result with its error, and the others go on. What was answered stays
        stored when the iteration is left early.

        Args:
            documents: read in a thread of its own as there is room for them, so a generator of many is fine.
            unanswered: the most documents to send ahead of their results.
            timeout: seconds that all of it may take.
        """
        source = Source(documents, unanswered)
        call = self._documents.IngestDocuments(iter(source), timeout=timeout, metadata=self._metadata())
        try:
            for result in call:
                source.answered()
                yield result
        except grpc.RpcError as failed:
            raise source.broken or _error(failed, self._server) from None
        finally:
            source.close()
            call.cancel()
        if source.broken is not None:
            raise source.broken

    def get_document(
        self, document_id: str, *, include_text: bool = False, timeout: float | None = None
    ) -> GetDocumentResponse:
        """Returns a document's description and, when asked for, its text."""
        request = GetDocumentRequest(document_id=document_id, include_text=include_text)
        return self._call(self._documents.GetDocument, request, timeout)

    def list_documents(self, *, page_size: int = 100, timeout: float | None = None) -> Iterator[DocumentInfo]:
        """Yields the documents the caller may see, ordered by id, fetching page after page."""
        token = ""
        while True:
            request = ListDocumentsRequest(page_size=page_size, page_token=token)
            page = self._call(self._documents.ListDocuments, request, timeout)
            yield from page.documents
            token = page.next_page_token
            if not token:
                return

    def delete_document(self, document_id: str, *, timeout: float | None = None) -> str:
        """Removes a document and returns the version that the corpus has without it."""
        request = DeleteDocumentRequest(document_id=document_id)
        return self._call(self._documents.DeleteDocument, request, timeout).corpus_version

    def corpus_version(self, *, timeout: float | None = None) -> str:
        """Returns the corpus's version: two equal ones mean the same documents."""
        return self._call(self._documents.GetCorpusVersion, GetCorpusVersionRequest(), timeout).corpus_version

    def close(self) -> None:
        """Ends the connection and every call on it, unless the channel is your own."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (*self._caller.metadata(), *self._proof.metadata(), *trace_metadata())

    def _call(
        self, method: "grpc.UnaryUnaryMultiCallable[_Request, _Response]", request: _Request, timeout: float | None
    ) -> _Response:
        try:
            return method(request, timeout=self._timeout if timeout is None else timeout, metadata=self._metadata())
        except grpc.RpcError as failed:
            raise _error(failed, self._server) from None


def _error(failed: grpc.RpcError, server: str) -> Error:
    call = cast("grpc.Call", failed)  # every error that a call raises is the call itself
    return from_call(call.code(), call.details(), call.trailing_metadata(), server)
