"""A model answers only so many at once; the rest wait their turn, and tenants take turns."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from groundwire_server.adapters.http.fair_limiter import FairLimiter, acquire_all
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.ports.generator import Generator

_LEAST = 0.1
"""Seconds before a model must have begun, or ended, at which a wait for it ends: it would be paid in vain."""


class ConcurrencyLimitedGenerator:
    """A Generator behind slots, which several models of one provider may share.

    The wait counts against the deadline, and against the time that a model has to begin.
    """

    def __init__(self, inner: Generator, *slots: FairLimiter) -> None:
        self._inner = inner
        self._slots = slots

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Wait for a slot of each kind, in their order, and write.

        Raises:
            Failure: CAPACITY_EXHAUSTED, or what the inner generator raises.
        """
        until = Deadline(request.to_begin(deadline).at - _LEAST)
        async with (
            acquire_all(self._slots, request.tenant, until),
            aclosing(self._inner.generate(request, deadline)) as pieces,
        ):
            async for piece in pieces:
                yield piece
