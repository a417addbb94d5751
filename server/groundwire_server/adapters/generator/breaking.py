"""Leaving a model alone for a while that keeps failing."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from opentelemetry.trace import get_current_span

from groundwire_server.adapters.http.circuit import Circuit, counts
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.generator import Generator
from groundwire_server.telemetry import names


class CircuitBreakingGenerator:
    """A Generator that does not ask its inner one while the circuit is open.

    Attributes:
        circuit: of the model.
    """

    def __init__(self, inner: Generator, circuit: Circuit) -> None:
        self._inner = inner
        self.circuit = circuit

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the inner generator writes, if it is asked."""
        get_current_span().set_attribute(names.CIRCUIT, self.circuit.state.value)
        entered = self.circuit.enter()
        failed: bool | None = None
        try:
            async with aclosing(self._inner.generate(request, deadline)) as pieces:
                async for piece in pieces:
                    if not isinstance(piece, str):
                        # A reader of the last piece need not come back.
                        failed = False
                    yield piece
        except Failure as failure:
            failed = None if self._had_no_time(failure, request) else counts(failure)
            raise
        finally:
            self.circuit.leave(entered, failed=failed)

    def _had_no_time(self, failure: Failure, request: GenerationRequest) -> bool:
        """Whether a slow start is the caller's, who gave the model less than it may take of its own."""
        by = request.begin_by
        return failure.cause is Cause.MODEL_SLOW_START and by is not None and not by.remaining(self.circuit.now())
