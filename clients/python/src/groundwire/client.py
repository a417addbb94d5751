"""The client for asyncio."""

# ruff: noqa: ASYNC109 - a timeout here is the deadline that goes over the wire, not only a wait of our own

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable
from types import TracebackType
from typing import Self, TypeVar

import grpc
import grpc.aio

from groundwire.caller import Caller
from groundwire.channels import DEFAULT_SERVER, DEFAULT_TIMEOUT, INGEST_TIMEOUT, options
from groundwire.errors import Error, from_call
from groundwire.requests import question_of, retrieve_request, stream_request
from groundwire.security import Proof, Tls, Token, channel_credentials
from groundwire.sending import AsyncSource, Ending
from groundwire.tracing import trace_metadata
from groundwire.v1.answer_service_pb2 import (
    AnswerRequest,
    CancelAnswerRequest,
    StreamAnswerRequest,
    StreamAnswerResponse,
)
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

_T = TypeVar("_T")


class AnswerStream:
    """The events of one answer, to be read with ``async for``; leaving or closing it cancels what still runs.

    Attributes:
        outcome: how the question ended, once its event was read.
    """

    def __init__(
        self, call: "grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse]", server: str
    ) -> None:
        self._call = call
        self._events = aiter(call)
        self._server = server
        self._closed = False
        self.outcome: Outcome | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamAnswerResponse:
        if self._closed:
            raise StopAsyncIteration
        try:
            event = await anext(self._events)
        except grpc.aio.AioRpcError as failed:
            raise _error(failed, self._server) from None
        if event.HasField("outcome"):
            self.outcome = event.outcome
        return event

    async def aclose(self) -> None:
        """Cancels the answer on the server, unless it has ended."""
        self._closed = True
        self._call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Client:
    """A connection to a groundwire server, for asyncio. Use it with ``async with``, or call ``close``.

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
        server: str | grpc.aio.Channel = DEFAULT_SERVER,
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
        self._owned: grpc.aio.Channel | None = None
        secure = channel_credentials(tls, credentials)
        if isinstance(server, str):
            self._proof.check_connection(server, secured=secure is not None)
            chosen = options(server)
            channel = self._owned = (
                grpc.aio.insecure_channel(server, options=chosen)
                if secure is None
                else grpc.aio.secure_channel(server, secure, options=chosen)
            )
        else:
            channel = server
        self._answers = AnswerServiceStub(channel)
        self._retrieval = RetrievalServiceStub(channel)
        self._documents = DocumentServiceStub(channel)

    async def answer(
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
        response = await self._result(
            self._answers.Answer(
                AnswerRequest(question=asked, request_id=request_id),
                timeout=self._time(timeout),
                metadata=self._metadata(),
            )
        )
        return response.outcome

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
    ) -> AnswerStream:
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
            timeout=self._time(timeout),
            metadata=self._metadata(),
        )
        return AnswerStream(call, self._server)

    async def cancel(self, request_id: str, *, timeout: float | None = None) -> bool:
        """Ends an answer in flight; False when there was none of that id."""
        request = CancelAnswerRequest(request_id=request_id)
        response = await self._result(
            self._answers.CancelAnswer(request, timeout=self._time(timeout), metadata=self._metadata())
        )
        return response.cancelled

    async def retrieve(
        self,
        text: str,
        *,
        route: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        timeout: float | None = None,
    ) -> RetrieveResponse:
        """Finds the passages that an answer to the text would be drawn from, best first."""
        request = retrieve_request(text, route, top_k, filter)
        return await self._result(
            self._retrieval.Retrieve(request, timeout=self._time(timeout), metadata=self._metadata())
        )

    async def ingest(
        self,
        documents: Iterable[Document] | AsyncIterable[Document],
        *,
        unanswered: int = 8,
        timeout: float = INGEST_TIMEOUT,
    ) -> AsyncIterator[IngestDocumentsResponse]:
        """Stores documents and yields the result of each, in the order they were given.

        A document that cannot be stored is a result with its error, and the others go on. What was answered stays
        stored when the iteration is left early.

        Args:
            documents: read as there is room for them, so a generator of many is fine.
            unanswered: the most documents to send ahead of their results.
            timeout: seconds that all of it may take.
        """
        call = self._documents.IngestDocuments(timeout=timeout, metadata=self._metadata())
        ending = Ending(call, self._server)
        source = AsyncSource(documents, unanswered)
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

    async def get_document(
        self, document_id: str, *, include_text: bool = False, timeout: float | None = None
    ) -> GetDocumentResponse:
        """Returns a document's description and, when asked for, its text."""
        request = GetDocumentRequest(document_id=document_id, include_text=include_text)
        return await self._result(
            self._documents.GetDocument(request, timeout=self._time(timeout), metadata=self._metadata())
        )

    async def list_documents(
        self, *, page_size: int = 100, timeout: float | None = None
    ) -> AsyncIterator[DocumentInfo]:
        """Yields the documents the caller may see, ordered by id, fetching page after page."""
        token = ""
        while True:
            request = ListDocumentsRequest(page_size=page_size, page_token=token)
            page = await self._result(
                self._documents.ListDocuments(request, timeout=self._time(timeout), metadata=self._metadata())
            )
            for document in page.documents:
                yield document
            token = page.next_page_token
            if not token:
                return

    async def delete_document(self, document_id: str, *, timeout: float | None = None) -> str:
        """Removes a document and returns the version that the corpus has without it."""
        request = DeleteDocumentRequest(document_id=document_id)
        response = await self._result(
            self._documents.DeleteDocument(request, timeout=self._time(timeout), metadata=self._metadata())
        )
        return response.corpus_version

    async def corpus_version(self, *, timeout: float | None = None) -> str:
        """Returns the corpus's version: two equal ones mean the same documents."""
        response = await self._result(
            self._documents.GetCorpusVersion(
                GetCorpusVersionRequest(), timeout=self._time(timeout), metadata=self._metadata()
            )
        )
        return response.corpus_version

    async def close(self) -> None:
        """Ends the connection and every call on it, unless the channel is your own."""
        if self._owned is not None:
            await self._owned.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _time(self, timeout: float | None) -> float:
        return self._timeout if timeout is None else timeout

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (*self._caller.metadata(), *self._proof.metadata(), *trace_metadata())

    async def _result(self, call: Awaitable[_T]) -> _T:
        try:
            return await call
        except grpc.aio.AioRpcError as failed:
            raise _error(failed, self._server) from None


def _error(failed: grpc.aio.AioRpcError, server: str) -> Error:
    return from_call(failed.code(), failed.details(), failed.trailing_metadata(), server)
