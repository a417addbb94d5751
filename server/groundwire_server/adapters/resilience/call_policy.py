"""What surrounds the calls of one dependency, in one value."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from groundwire_server.adapters.resilience.circuit import Circuit
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter, HeldSlots
from groundwire_server.adapters.resilience.instrumentation import Attributes, CallSpan, Instrumentation
from groundwire_server.adapters.resilience.load_signs import LoadSigns
from groundwire_server.adapters.resilience.retries import Retries
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
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
        signs: what the calls have shown of the dependency's load.
    """

    circuit: Circuit
    retries: Retries
    instrumentation: Instrumentation
    limiters: Sequence[FairLimiter] = ()
    signs: LoadSigns = field(default_factory=LoadSigns)

    def slots(self, requester: Requester, until: Deadline) -> HeldSlots:
        """Return what holds a slot of each limiter, until when it is too late to begin.

        Raises (on entering):
            Failure: CAPACITY_EXHAUSTED.
        """
        return HeldSlots(self.limiters, requester, until)

    def begin_by(self, requester: Requester, deadline: Deadline, *, waited: bool = False) -> Deadline:
        """Return when even a quick call of its tenant must begin to be answered by the deadline.

        Args:
            requester: on whose behalf.
            deadline: when the call must have ended.
            waited: whether the call has waited for a slot.

        Raises:
            Failure: when that has passed. CAPACITY_EXHAUSTED where it waited for a slot or others do, and MODEL_TIMEOUT
                elsewhere: it is the model then that takes longer than there is time.
        """
        now = asyncio.get_running_loop().time()
        begin_by = Deadline(deadline.at - self.signs.quick(requester.tenant, now))
        if begin_by.at < now < deadline.at:
            crowded = waited or any(each.waiting for each in self.limiters)
            raise Failure(Cause.CAPACITY_EXHAUSTED if crowded else Cause.MODEL_TIMEOUT)
        return begin_by

    def began(self, requester: Requester, first_output: float) -> None:
        """Take in after how many seconds an attempt brought its first output."""
        overloaded = self.signs.began(requester.tenant, first_output, asyncio.get_running_loop().time())
        for each in self.limiters:
            if overloaded:
                each.suffers()
            else:
                each.bears()

    def completed(self, requester: Requester, seconds: float) -> None:
        """Take in how long a call took that came to its end."""
        self.signs.completed(requester.tenant, seconds, asyncio.get_running_loop().time())

    def failed(self, failure: Failure) -> None:
        """Take in how an attempt failed: a dependency that is called too often gets fewer calls at once."""
        if failure.cause is Cause.MODEL_RATE_LIMITED:
            for each in self.limiters:
                each.suffers()

    def span(self, attributes: Attributes, deadline: Deadline) -> CallSpan:
        """Begin the span of a call, which also says in which state the circuit is."""
        return self.instrumentation.span({**attributes, names.CIRCUIT: self.circuit.state.value}, deadline)
