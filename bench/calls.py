"""The calls that are measured. Each makes sure that it got what it asked for and says when its first text was there."""

import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from bench.floor import SERVICE
from bench.product import CACHED, REFUSED
from groundwire.v1.answer_service_pb2 import (
    AnswerRequest,
    StreamAnswerRequest,
    StreamAnswerResponse,
    SubmitAnswerRequest,
)
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest, IngestDocumentsResponse
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.question_pb2 import Question, Turn
from groundwire.v1.retrieval_service_pb2 import RetrieveRequest
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub

_QUESTION = "What does a lambda expression yield?"
_SUBJECT = ("groundwire-subject", "load")
_METADATA = (("groundwire-tenant", "bench"), _SUBJECT)
_REFUSED = (("groundwire-tenant", REFUSED), _SUBJECT)
_TURNS = 100_000


class FloorCalls:
    """Calls of the floor."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/Empty")
        self._stream: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/Stream")
        self._ingest: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(f"/{SERVICE}/Ingest")

    async def empty(self) -> None:
        await self._unary(b"")

    async def stream(self) -> float:
        first = 0.0
        async for _ in self._stream(b"text"):
            first = first or time.perf_counter()
        return first

    async def ingest(self, documents: Sequence[Document]) -> None:
        """Send documents and get each back, one after the other."""
        stream = self._ingest()
        for document in documents:
            await stream.write(IngestDocumentsRequest(document=document).SerializeToString())
            await stream.read()
        await stream.done_writing()


class ProductCalls:
    """Calls of the product."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._answers = AnswerServiceStub(channel)
        self._retrieval = RetrievalServiceStub(channel)
        self._documents = DocumentServiceStub(channel)
        self._bytes: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/groundwire.v1.AnswerService/Answer"
        )
        self._question = AnswerRequest(question=Question(text=_QUESTION)).SerializeToString()
        self._many = AnswerRequest(question=Question(turns=[Turn()] * _TURNS)).SerializeToString()
        self._asked = 0
        self._kept = False

    async def answer(self) -> None:
        await self._unary(_QUESTION)

    async def answer_from_the_cache(self) -> None:
        """Ask what was answered before; the first call of all is answered anew, and kept."""
        request = AnswerRequest(question=Question(text=_QUESTION, route=CACHED))
        response = await self._answers.Answer(request, metadata=_METADATA, timeout=30)
        assert response.outcome.WhichOneof("result") == ("cached" if self._kept else "answered"), response.outcome
        self._kept = True

    async def refused_by_a_limit(self) -> None:
        """Ask for an answer that a limit does not allow; the first call of all is answered."""
        request = AnswerRequest()
        request.question.text = _QUESTION
        try:
            await self._answers.Answer(request, metadata=_REFUSED, timeout=30)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise

    async def submit(self) -> None:
        """Hand in a question that is answered later; it is written down when the call comes back."""
        request = SubmitAnswerRequest()
        request.question.text = _QUESTION
        operation = await self._answers.SubmitAnswer(request, metadata=_METADATA, timeout=30)
        assert operation.name

    async def answer_a_new_question(self) -> None:
        self._asked += 1
        await self._unary(f"{_QUESTION} Number {self._asked}.")

    async def stream(self) -> float:
        request = StreamAnswerRequest()
        request.question.text = _QUESTION
        return await first_text(self._answers.StreamAnswer(request, metadata=_METADATA, timeout=30))

    async def search(self) -> None:
        response = await self._retrieval.Retrieve(RetrieveRequest(text=_QUESTION), metadata=_METADATA, timeout=30)
        assert response.passages

    async def ingest(self, documents: Sequence[Document], tenant: str = "bench") -> int:
        """Store documents, one after the other; return of how many chunks they are."""
        stream = self._documents.IngestDocuments(metadata=(("groundwire-tenant", tenant), _SUBJECT))
        chunks = 0
        for document in documents:
            await stream.write(IngestDocumentsRequest(document=document))
            result = await stream.read()
            assert isinstance(result, IngestDocumentsResponse), "the stream ended early"
            assert not result.HasField("error"), result
            chunks += result.chunk_count
        await stream.done_writing()
        return chunks

    @asynccontextmanager
    async def place_taken(self) -> AsyncIterator[None]:
        """Take a place on the server, with an ingest that goes on."""
        stream = self._documents.IngestDocuments(metadata=_METADATA)
        document = Document(document_id="place", text="Taken.", allowed_principals=["*"])
        await stream.write(IngestDocumentsRequest(document=document))
        await stream.read()
        yield
        await stream.done_writing()

    async def refused(self) -> None:
        """Ask a server that has no place left."""
        await self._fails(self._question, grpc.StatusCode.UNAVAILABLE)

    async def many_elements(self) -> None:
        """Send 100,000 turns, where the contract allows 16."""
        await self._fails(self._many, grpc.StatusCode.INVALID_ARGUMENT)

    async def _fails(self, request: bytes, status: grpc.StatusCode) -> None:
        call = self._bytes(request, metadata=_METADATA, timeout=30)
        assert await call.code() is status, await call.code()

    async def _unary(self, text: str) -> None:
        request = AnswerRequest()
        request.question.text = text
        response = await self._answers.Answer(request, metadata=_METADATA, timeout=30)
        assert response.outcome.WhichOneof("result") == "answered", response


async def first_text(events: AsyncIterable[StreamAnswerResponse]) -> float:
    """When the first text of a stream was there; the stream is read to its end, which must be an answer."""
    first, outcome = 0.0, None
    async for event in events:
        if not first and event.HasField("text_delta"):
            first = time.perf_counter()
        outcome = event.outcome.WhichOneof("result")
    assert first, "no text came"
    assert outcome == "answered", outcome
    return first
