"""A model behind HTTP, whatever its dialect."""

import asyncio
import re
from collections.abc import AsyncGenerator

from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.response_parser import ResponseParser
from groundwire_server.adapters.http.body_reader import BodyReader, TooLongEventError
from groundwire_server.adapters.http.error_response import failure_from
from groundwire_server.adapters.http.exchange import Exchange
from groundwire_server.adapters.http.options import StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.scheduling import SchedulingHeaders, SchedulingOptions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, GenerationRequest, Piece, Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens
from groundwire_server.telemetry import names

_MODEL_NAME = re.compile(r"[A-Za-z0-9_.:/@-]{1,128}")
"""A name that may stand in a span: the provider chooses it."""
_FRAME = 64
"""Characters of a draft until the first word of its text has come."""


class HttpGenerator:
    """A Generator that asks a provider.

    All that one read brings leaves as one piece. Closing the generator, cancelling it, or the end of its time closes
    the request at once.

    Args:
        session: of the provider.
        dialect: how the model is spoken to.
        bounds: what a response may take.
        scheduling: says on whose behalf a request is; None says nothing.
        tokens: count what the provider does not.
    """

    def __init__(
        self,
        session: Session,
        dialect: Dialect,
        bounds: StreamBounds | None = None,
        scheduling: SchedulingHeaders | None = None,
        tokens: ModelTokens = ESTIMATED_TOKENS,
    ) -> None:
        endpoint = session.endpoint
        self._session = session
        self._dialect = dialect
        self._bounds = bounds or StreamBounds()
        self._scheduling = scheduling or SchedulingHeaders(SchedulingOptions())
        self._tokens = tokens
        self._url = endpoint.base_url + dialect.path
        self._propagator = TraceContextTextMapPropagator() if endpoint.trace_context else None

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the model writes, a read at a time, and how it ended."""
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.MODEL_TIMEOUT)
        exchange = Exchange(self._session, self._bounds, deadline, self._bounds.silence_seconds)
        parser = self._dialect.parser()
        opening = self._opening(request, parser)
        written: list[str] = []
        length = 0
        concluded = False
        try:
            await self._open(exchange, request)
            body = BodyReader(self._bounds.event_bytes)
            while not parser.done and parser.failure is None:
                try:
                    data = await exchange.read()
                    text = parser.take(body.feed(data) if data else body.end())
                except TooLongEventError:
                    raise exchange.broken() from None
                except Failure:
                    if parser.reason is None:
                        raise
                    break
                if text:
                    exchange.begun()
                    written.append(text)
                    # Not yet in the draft's frame: the first words that somebody can read wait for nothing.
                    length += len(text)
                    _name_model(parser.model, written)
                    if length > _FRAME:
                        exchange.gather_seconds = self._bounds.gather_seconds
                    yield opening + text
                    opening = ""
                if not data:
                    break
                if parser.reason is not None and (text or not concluded):
                    # Some send a reason with every chunk: while there is text, the last of them is yet to come.
                    concluded = True
                    exchange.concluded()
            # Once the model has said why it stopped, the answer is there; what can break after that is its count.
            if parser.reason is None:
                raise _unfinished(parser, exchange, body)
            if rest := parser.end():
                written.append(rest)
                yield rest
            yield Finish(parser.reason, self._usage(request, parser, written), tuple(parser.tokens))
        finally:
            exchange.end(complete=parser.done)

    def _usage(self, request: GenerationRequest, parser: ResponseParser, written: list[str]) -> Usage:
        tokens_in, tokens_out = parser.input_tokens, parser.output_tokens
        # A count of 0 for a text is none: some gateways fill the field before they know.
        estimated = tokens_in is None or tokens_out is None or (tokens_out == 0 and bool(written))
        if tokens_in is None:
            tokens_in = self._tokens.of_prompt(request.prompt)
        if not tokens_out:
            tokens_out = self._tokens.counter.count("".join([*parser.unseen, *written]))
        cached = min(parser.cached_tokens, tokens_in)
        put = min(parser.written_tokens, tokens_in - cached)
        return Usage(tokens_in, tokens_out, estimated, cached, cache_written_tokens=put)

    def _opening(self, request: GenerationRequest, parser: ResponseParser) -> str:
        """Return the beginning of the draft that the request holds, where the reply is its rest."""
        begun = request.prompt.begun
        if begun is None or not self._dialect.continues:
            return ""
        parser.go_on()
        return begun.opening

    async def _open(self, exchange: Exchange, request: GenerationRequest) -> None:
        headers = {**self._scheduling.of(request.requester), **self._dialect.headers}
        if self._propagator is not None:
            self._propagator.inject(headers)
        response = await exchange.open(self._url, headers, self._dialect.body(request))
        if response is not None:
            raise failure_from(response, self._session.provider, self._dialect.model)


def _name_model(name: str, written: list[str]) -> None:
    """Note the model that answers on the call's span, which is current until the first piece is yielded."""
    if len(written) == 1 and _MODEL_NAME.fullmatch(name):
        get_current_span().set_attribute(names.GEN_AI_RESPONSE_MODEL, name)


def _unfinished(parser: ResponseParser, exchange: Exchange, body: BodyReader) -> Failure:
    """Why a response ended that did not say why the model stopped."""
    if parser.failure is not None:
        return exchange.adjusted(parser.failure)
    return exchange.misconfigured("another protocol") if body.is_document else exchange.broken()
