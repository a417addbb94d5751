"""A provider as the composition root takes it: opened once, for all of its models."""

from random import Random
from typing import Self

from opentelemetry.trace import Tracer

from groundwire_server.adapters.http.circuit import BreakerOptions, Circuit
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.http.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.adapters.http.session import Session
from groundwire_server.ports.clock import Clock


class Provider:
    """Holds what a provider's models share: connections and the retry budget.

    Args:
        endpoint: where it listens.
        clock: for circuits and spans.
        tracer: for spans.
        random: draws the waits before retries.
        budget: how much may be retried.

    Attributes:
        endpoint: where it listens and who runs it.
        session: its connections.
        clock: for circuits and spans.
        tracer: for spans.
        random: draws the waits before retries.
        circuits: of its models, by the provider's names for them.
        budget: what is left for retries.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        tracer: Tracer,
        random: Random,
        budget: RetryBudgetOptions | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.session = Session(endpoint)
        self.clock = clock
        self.tracer = tracer
        self.random = random
        self.budget = RetryBudget(budget)
        self.circuits: dict[str, Circuit] = {}

    async def __aenter__(self) -> Self:
        await self.session.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.session.__aexit__(*raised)

    def circuit(self, model: str, options: BreakerOptions) -> Circuit:
        """The model's circuit; it keeps its record until it is to open by other numbers."""
        known = self.circuits.get(model)
        if known is None or known.options != options:
            known = self.circuits[model] = Circuit(f"{self.endpoint.provider}/{model}", options, self.clock)
        return known
