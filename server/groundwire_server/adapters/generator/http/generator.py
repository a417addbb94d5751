"""A model behind HTTP, whatever its dialect."""

import asyncio
from collections.abc import AsyncGenerator

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire_server.adapters.generator.http.dialect import Dialect, Reading
from groundwire_server.adapters.http.error_response import failure_from
from groundwire_server.adapters.http.exchange import Exchange
from groundwire_server.adapters.http.options import StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.http.sse import TooLongEventError
from groundwire_server.domain.consumption import prompt_tokens
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, GenerationRequest, Piece, Usage
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause

_FRAME = 64
"""Characters of a draft until the first word of its text has come."""


class HttpGenerator:
    """The Generator that asks a provider.

    All that one read brings leaves as one piece. Closing the generator, cancelling it, or the end of its time closes
    the request at once.

    Args:
        session: of the provider.
        dialect: how the model is spoken to.
        bounds: what a response may take.
    """

    def __init__(self, session: Session, dialect: Dialect, bounds: StreamBounds | None = None) -> None:
        endpoint = session.endpoint
        self._session = session
        self._dialect = dialect
        self._bounds = bounds or StreamBounds()
        self._url = endpoint.base_url + dialect.path
        self._propagator = TraceContextTextMapPropagator() if endpoint.trace_context else None

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the model writes, a read at a time, and how it ended."""
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.MODEL_TIMEOUT)
        exchange = Exchange(self._session, self._bounds, deadline, self._bounds.silence_seconds)
        reading = self._dialect.reading()
        written: list[str] = []
        length = 0
        try:
            await self._open(exchange, self._dialect.body(request))
            events = exchange.reader(self._bounds.event_bytes)
            while not reading.done and reading.failure is None:
                try:
                    data = await exchange.read()
                    text = reading.take(events.feed(data) if data else events.end())
                except TooLongEventError:
                    raise exchange.broken() from None
                except Failure:
                    if reading.reason is None:
                        raise
                    break
                if text:
                    exchange.begun()
                    written.append(text)
                    # Not yet in the draft's frame: the first words that somebody can read wait for nothing.
                    length += len(text)
                    exchange.gathers = length > _FRAME
                    yield text
                if not data:
                    break
            # Once the model has said why it stopped, the answer is there; what can break after that is its count.
            if reading.failure is not None and reading.reason is None:
                raise exchange.judged(reading.failure)
            yield _finish(request, reading, written, exchange)
        finally:
            exchange.end(complete=reading.done)

    async def _open(self, exchange: Exchange, body: bytes) -> None:
        headers = dict(self._dialect.headers)
        if self._propagator is not None:
            self._propagator.inject(headers)
        response = await exchange.open(self._url, headers, body)
        if response is not None:
            raise failure_from(response, self._session.provider, self._dialect.model)


def _finish(request: GenerationRequest, reading: Reading, written: list[str], exchange: Exchange) -> Finish:
    if reading.reason is None:
        raise exchange.broken()
    tokens_in, tokens_out = reading.input_tokens, reading.output_tokens
    estimated = tokens_in is None or tokens_out is None
    if tokens_in is None:
        tokens_in = prompt_tokens(request.prompt)
    if tokens_out is None:
        tokens_out = estimate_tokens("".join(written))
    return Finish(reading.reason, Usage(tokens_in, tokens_out, estimated, min(reading.cached_tokens, tokens_in)))
