"""The one span of a model call, around all of its retries."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from groundwire_server.adapters.http.options import Target
from groundwire_server.domain.consumption import estimated
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.generator import Generator
from groundwire_server.telemetry import names


class InstrumentedGenerator:
    """A Generator whose calls of its inner one are CLIENT spans.

    The span is current while the inner generator works towards its first piece, so that retries become its events and
    the request carries its trace context. It is never current over a yield: it would be so in the reader too.
    What a call that was cut has consumed is estimated, and marked so.
    """

    def __init__(self, inner: Generator, target: Target, tracer: Tracer, clock: Clock) -> None:
        self._inner = inner
        self._target = target
        self._tracer = tracer
        self._clock = clock
        self._name = f"{names.GEN_AI_CHAT} {target.model}"

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the inner generator writes."""
        began = self._clock.now()
        span = self._span(request)
        taken = _Taken()
        cut_by: Failure | None = None
        try:
            async with aclosing(self._inner.generate(request, deadline)) as pieces:
                token = attach(set_span_in_context(span))
                try:
                    first = await anext(pieces, None)
                finally:
                    detach(token)
                if first is None:
                    return
                span.set_attribute(names.GEN_AI_FIRST_CHUNK, self._clock.now() - began)
                taken.take(first)
                yield first
                async for piece in pieces:
                    taken.take(piece)
                    yield piece
        except Failure as failure:
            cut_by = failure
            span.set_attributes({names.CAUSE: failure.cause.value, names.ERROR_TYPE: failure.cause.value})
            if failure.retry_after is not None:
                span.set_attribute(names.RETRY_AFTER, failure.retry_after)
            span.set_status(StatusCode.ERROR)
            raise
        except asyncio.CancelledError:
            span.set_attribute(names.CANCELLED, True)
            raise
        finally:
            if taken.finish is not None:
                span.set_attribute(names.GEN_AI_FINISH_REASONS, (_REASONS[taken.finish.reason],))
            _note(span, estimated(request, taken.written, cut_by) if taken.finish is None else taken.finish.usage)
            span.end()

    def _span(self, request: GenerationRequest) -> Span:
        target = self._target
        return self._tracer.start_span(
            self._name,
            kind=SpanKind.CLIENT,
            attributes={
                names.GEN_AI_OPERATION: names.GEN_AI_CHAT,
                names.GEN_AI_PROVIDER: target.provider,
                names.GEN_AI_MODEL: target.model,
                names.GEN_AI_MAX_TOKENS: request.max_output_tokens,
                names.GEN_AI_STREAM: True,
                names.SERVER_ADDRESS: target.host,
                names.SERVER_PORT: target.port,
                names.RESIDENCY: target.residency.value,
            },
        )


class _Taken:
    """What a call has brought so far."""

    __slots__ = ("finish", "written")

    def __init__(self) -> None:
        self.written: list[str] = []
        self.finish: Finish | None = None

    def take(self, piece: Piece) -> None:
        if isinstance(piece, str):
            self.written.append(piece)
        else:
            self.finish = piece


_REASONS = {FinishReason.COMPLETE: "stop", FinishReason.LENGTH: "length"}


def _note(span: Span, usage: Usage) -> None:
    if usage != Usage():
        span.set_attributes(
            {
                names.GEN_AI_INPUT_TOKENS: usage.input_tokens,
                names.GEN_AI_OUTPUT_TOKENS: usage.output_tokens,
                names.USAGE_ESTIMATED: usage.estimated,
            }
        )
