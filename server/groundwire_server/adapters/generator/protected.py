"""A provider's model with all that surrounds its calls."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Self

from opentelemetry.trace import Span

from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.circuit import GuardedCall
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter, HeldSlots
from groundwire_server.adapters.resilience.instrumentation import CurrentSpan, Instrumentation
from groundwire_server.domain.consumption import estimated
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.generator import Generator
from groundwire_server.telemetry import names

_LEAST_SECONDS = 0.1
"""How long before a model must have begun a wait for its slot ends: the call would be paid for in vain."""
_REASONS = {FinishReason.COMPLETE: "stop", FinishReason.LENGTH: "length"}


class ProtectedGenerator:
    """A Generator whose calls have slots, a span, a circuit and retries, all in one generator.

    Here alone is decided what becomes of a model that is slow to begin. Its first piece is waited for until the model's
    own bound, until the caller must ask another one, or until the deadline, which the inner generator observes itself.
    A wait for a slot and the waits between attempts fit into the same time. What the model's own bound ends counts
    against the model; what the caller's ends does not.

    Args:
        inner: is asked; it fails with MODEL_TIMEOUT at the deadline.
        policy: what surrounds its calls.
        first_token_seconds: of an attempt, until its first piece; None leaves it to the call.
        whole_documents: whether the first piece of a unary answer is all of it, which the bound does not hold for.
    """

    def __init__(
        self,
        inner: Generator,
        policy: CallPolicy,
        first_token_seconds: float | None = None,
        *,
        whole_documents: bool = False,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._first_token_seconds = first_token_seconds
        self._whole_documents = whole_documents

    @property
    def contention(self) -> "SlotContention":
        """How wanted its slots are."""
        return SlotContention(self._policy.limiters)

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the first attempt writes that begins to.

        Raises:
            Failure: CAPACITY_EXHAUSTED, MODEL_SLOW_START, or what the inner generator raises.
        """
        policy, start_by = self._policy, min(request.start_by, deadline)
        streamed = not (self._whole_documents and request.unary)
        attributes = {names.GEN_AI_MAX_TOKENS: request.max_output_tokens, names.GEN_AI_STREAM: streamed}
        loop = asyncio.get_running_loop()
        asked, until = loop.time(), min(_slot_by(start_by), policy.begin_by(request.requester, deadline))
        async with policy.slots(request.requester, until):
            started = loop.time()
            if started > asked:
                # How long answers take may be known since the wait began.
                policy.begin_by(request.requester, deadline, waited=True)
            with (
                policy.span(attributes, deadline) as span,
                policy.circuit.guard(request.requester.tenant) as call,
                _Output(request, span, call, policy.instrumentation) as output,
            ):
                with CurrentSpan(span):
                    seconds = self._first_token_seconds if streamed else None
                    attempt = partial(self._begin, request, deadline, call, seconds)
                    first, rest = await policy.retries.run(attempt, start_by, span)
                policy.instrumentation.first_chunk(span, loop.time() - started)
                async with aclosing(rest):
                    output.take(first)
                    yield first
                    async for piece in rest:
                        if output.take(piece):
                            policy.completed(request.requester, loop.time() - started)
                        yield piece

    async def _begin(
        self, request: GenerationRequest, deadline: Deadline, call: GuardedCall, seconds: float | None
    ) -> tuple[Piece, AsyncGenerator[Piece, None]]:
        """Make one attempt of which the first piece may take so long; return that piece, and what writes the rest."""
        policy, loop = self._policy, asyncio.get_running_loop()
        began = loop.time()
        bound = start_by = min(request.start_by, deadline)
        if seconds is not None:
            bound = min(start_by, Deadline(began + seconds))
        rest = self._inner.generate(request, deadline)
        try:
            async with asyncio.timeout_at(bound.at if bound < deadline else None):
                first = await anext(rest)
        except TimeoutError:
            if bound == start_by:
                call.excuse()
            raise Failure(Cause.MODEL_SLOW_START) from None
        except Failure as failure:
            policy.failed(failure)
            raise
        if not (self._whole_documents and request.unary):
            # The first piece of a whole document says how long the answer is.
            policy.began(request.requester, loop.time() - began)
        return first, rest


class ConcurrencyLimitedGenerator:
    """A Generator that only has to wait for slots, as one on this machine does.

    Args:
        inner: writes.
        limiters: how many may write at once.
    """

    def __init__(self, inner: Generator, limiters: Sequence[FairLimiter]) -> None:
        self._inner = inner
        self._limiters = limiters

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Wait for a slot of each limiter, and yield what the inner generator writes.

        Raises:
            Failure: CAPACITY_EXHAUSTED, or what the inner generator raises.
        """
        slot_by = _slot_by(min(request.start_by, deadline))
        async with (
            HeldSlots(self._limiters, request.requester, slot_by),
            aclosing(self._inner.generate(request, deadline)) as pieces,
        ):
            async for piece in pieces:
                yield piece


@dataclass(frozen=True, slots=True)
class SlotContention:
    """The Contention of the slots of a generator's limiters; where nothing limits it, there is none."""

    limiters: Sequence[FairLimiter]

    def idle(self) -> bool:
        """Return whether fewer than half of the slots of each are taken, and nobody waits for one."""
        return not self.contended() and all(2 * each.used < each.limit for each in self.limiters)

    def contended(self) -> bool:
        """Return whether somebody waits for a slot of one."""
        return any(each.waiting for each in self.limiters)


class _Output:
    """What a call has written so far. At the end its span says what was consumed: where it was cut, an estimate."""

    __slots__ = ("_call", "_finish", "_instrumentation", "_request", "_span", "_written")

    def __init__(
        self, request: GenerationRequest, span: Span, call: GuardedCall, instrumentation: Instrumentation
    ) -> None:
        self._request = request
        self._instrumentation = instrumentation
        self._span = span
        self._call = call
        self._written: list[str] = []
        self._finish: Finish | None = None

    def take(self, piece: Piece) -> bool:
        """Take a piece; return whether it is the last."""
        if isinstance(piece, str):
            self._written.append(piece)
            return False
        self._finish = piece
        # Its reader need not come back.
        self._call.succeeded()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        if self._finish is None:
            usage = estimated(self._request, self._written, raised if isinstance(raised, Failure) else None)
        else:
            usage = self._finish.usage
            self._span.set_attribute(names.GEN_AI_FINISH_REASONS, (_REASONS[self._finish.reason],))
        if usage != Usage():
            self._instrumentation.consumed(self._span, usage)


def _slot_by(start_by: Deadline) -> Deadline:
    return Deadline(start_by.at - _LEAST_SECONDS)
