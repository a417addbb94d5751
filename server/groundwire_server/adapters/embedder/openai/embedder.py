"""Asking a provider for vectors."""

import asyncio
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic_core import to_json

from groundwire_server.adapters.embedder.openai.batches import batches
from groundwire_server.adapters.embedder.openai.faults import EmbedderFailure, InvalidVectorsFailure
from groundwire_server.adapters.embedder.openai.options import EmbeddingOptions
from groundwire_server.adapters.embedder.openai.reading import Embedded, read
from groundwire_server.adapters.http.circuit import counts
from groundwire_server.adapters.http.error_response import failure_from
from groundwire_server.adapters.http.exchange import Exchange
from groundwire_server.adapters.http.fair_limiter import FairLimiter, acquire_all
from groundwire_server.adapters.http.provider import Provider
from groundwire_server.adapters.http.retries import Retries
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import names

_LOG = logging.getLogger(__name__)

_LONG_BYTES = 128 * 1024
"""Of a response, from which on it is read in a thread: the numbers of a full batch take milliseconds."""
_NOBODY = ""
"""Whose turn it is at the provider: vectors of all tenants wait in one line."""


class OpenAiEmbedder:
    """The Embedder that asks a provider.

    Cancelling a call, or the end of its time, closes its requests at once. One span surrounds a call with all of its
    requests; an open circuit ends it before a request is thought of.

    Args:
        provider: whom it asks.
        options: the model, and what surrounds its calls.
        slots: the provider's turns.
    """

    def __init__(self, provider: Provider, options: EmbeddingOptions, slots: tuple[FairLimiter, ...] = ()) -> None:
        endpoint = provider.endpoint
        version = f"?api-version={options.api_version}" if options.api_version else ""
        self._provider = provider
        self._options = options
        self._slots = slots
        self._url = f"{endpoint.base_url.rstrip('/')}/embeddings{version}"
        self._fixed = _fixed(options)
        self._circuit = provider.circuit(f"{names.GEN_AI_EMBEDDINGS} {options.model}", options.breaker)
        self._retries = Retries(options.retry, provider.budget, provider.random)
        self._turns = asyncio.Semaphore(options.batch.requests)
        self._propagator = TraceContextTextMapPropagator() if endpoint.trace_context else None

    @property
    def model(self) -> str:
        """The provider's name and the model's: two providers may mean different models by one name."""
        return f"{self._provider.endpoint.provider}/{self._options.model}"

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._options.dimensions

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Sequence[Vector]:
        """Return one unit vector a text; of a text that is too long the beginning counts."""
        if not texts:
            return []
        with self._spanned() as span:
            entered = self._circuit.enter()
            failed: bool | None = None
            try:
                if deadline.at <= asyncio.get_running_loop().time():
                    raise Failure(Cause.MODEL_TIMEOUT)
                found = await self._all(list(batches(texts, self._options.batch)), deadline)
                failed = False
            except Failure as failure:
                failed = counts(failure)
                raise
            finally:
                self._circuit.leave(entered, failed=failed)
            if all(each.tokens is not None for each in found):
                span.set_attribute(names.GEN_AI_INPUT_TOKENS, sum(each.tokens or 0 for each in found))
            return [vector for each in found for vector in each.vectors]

    async def _all(self, requests: Sequence[list[str]], deadline: Deadline) -> list[Embedded]:
        if len(requests) == 1:
            return [await self._one(requests[0], deadline)]
        try:
            async with (
                asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at),
                asyncio.TaskGroup() as group,
            ):
                tasks = [group.create_task(self._in_turn(each, deadline)) for each in requests]
        except TimeoutError:
            raise Failure(Cause.MODEL_TIMEOUT) from None
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _in_turn(self, texts: list[str], deadline: Deadline) -> Embedded:
        async with self._turns:
            return await self._one(texts, deadline)

    async def _one(self, texts: list[str], deadline: Deadline) -> Embedded:
        """One request, sent again while that may help."""
        body = to_json({**self._fixed, "input": texts})
        attempt = 1
        while True:
            try:
                answer = await self._asked(body, deadline)
                found = await self._read(answer, len(texts))
            except Failure as failure:
                delay = self._retries.after(failure, attempt, deadline)
                if delay is None:
                    raise
            else:
                self._retries.succeeded()
                return found
            await asyncio.sleep(delay)
            attempt += 1

    async def _asked(self, body: bytes, deadline: Deadline) -> bytes:
        async with acquire_all(self._slots, _NOBODY, deadline):
            exchange = Exchange(self._provider.session, self._options.bounds, deadline)
            answer = bytearray()
            complete = False
            try:
                headers = dict(self._options.headers)
                if self._propagator is not None:
                    self._propagator.inject(headers)
                response = await exchange.open(self._url, headers, body)
                if response is not None:
                    raise failure_from(response, self._provider.endpoint.provider, self._options.model)
                while data := await exchange.read():
                    answer += data
                complete = True
            finally:
                exchange.end(complete=complete)
        return bytes(answer)

    async def _read(self, answer: bytes, count: int) -> Embedded:
        if len(answer) < _LONG_BYTES:
            return read(answer, count, self.dimensions)
        return await asyncio.to_thread(read, answer, count, self.dimensions)

    @contextmanager
    def _spanned(self) -> Iterator[Span]:
        endpoint = self._provider.endpoint
        attributes: dict[str, str | int | tuple[str]] = {
            names.GEN_AI_OPERATION: names.GEN_AI_EMBEDDINGS,
            names.GEN_AI_PROVIDER: endpoint.provider,
            names.GEN_AI_MODEL: self._options.model,
            names.GEN_AI_DIMENSIONS: self._options.dimensions,
            names.SERVER_ADDRESS: endpoint.host,
            names.SERVER_PORT: endpoint.port,
            names.RESIDENCY: endpoint.residency.value,
            names.CIRCUIT: self._circuit.state.value,
        }
        if self._options.ways.encoding is not None:
            attributes[names.GEN_AI_ENCODINGS] = (self._options.ways.encoding,)
        with self._provider.tracer.start_as_current_span(
            f"{names.GEN_AI_EMBEDDINGS} {self._options.model}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Failure as failure:
                raise self._told(span, failure) from None
            except asyncio.CancelledError:
                span.set_attribute(names.CANCELLED, True)
                raise

    def _told(self, span: Span, failure: Failure) -> EmbedderFailure:
        told = EmbedderFailure(failure)
        if isinstance(failure, InvalidVectorsFailure):
            _LOG.warning("The embedder %s cannot be used: %s.", self.model, failure.fault)
        span.set_attributes({names.CAUSE: told.cause.value, names.ERROR_TYPE: told.fault.name})
        if told.retry_after is not None:
            span.set_attribute(names.RETRY_AFTER, told.retry_after)
        span.set_status(StatusCode.ERROR)
        return told


def _fixed(options: EmbeddingOptions) -> dict[str, object]:
    fixed: dict[str, object] = {"model": options.model}
    if options.ways.encoding is not None:
        fixed["encoding_format"] = options.ways.encoding
    if options.shorten:
        fixed[options.ways.dimensions] = options.dimensions
    return fixed
