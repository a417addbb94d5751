"""What surrounds the calls of one dependency, in one value."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from groundwire_server.adapters.resilience.circuit import Circuit
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter, acquire_all
from groundwire_server.adapters.resilience.instrumentation import Attributes, CallSpan, Instrumentation
from groundwire_server.adapters.resilience.retries import Retries
from groundwire_server.domain.deadline import Deadline
from groundwire_server.telemetry import names


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """The protection of a dependency's calls: slots, a span, a circuit, retries.

    Each acts where a call begins and where it ends. A decorator of a port puts them in their order, as
    `ProtectedGenerator` and `ProtectedEmbedder` do: the span surrounds the circuit, so that a call which an open
    circuit refuses is seen; the circuit surrounds the retries, so that a call counts once, however often it is
    attempted; a slot is held over retries and until the last of the answer is there.

    Attributes:
        circuit: whether the dependency is called at all.
        retries: whether a failed attempt is repeated.
        instrumentation: makes the spans.
        limiters: how many calls there may be at once; the dependency's own first, since a call that waits for one model
            must not hold up those of others.
    """

    circuit: Circuit
    retries: Retries
    instrumentation: Instrumentation
    limiters: Sequence[FairLimiter] = ()

    def slots(self, tenant: str, until: Deadline) -> AbstractAsyncContextManager[None]:
        """Hold a slot of each limiter.

        Raises:
            Failure: CAPACITY_EXHAUSTED.
        """
        return acquire_all(self.limiters, tenant, until)

    def span(self, attributes: Attributes, deadline: Deadline) -> CallSpan:
        """Begin the span of a call, which also says in which state the circuit is."""
        return self.instrumentation.span({**attributes, names.CIRCUIT: self.circuit.state.value}, deadline)
