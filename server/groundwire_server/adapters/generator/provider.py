"""A provider as the composition root takes it: opened once, it makes the generators of its models."""

from dataclasses import dataclass
from random import Random
from typing import Self

from opentelemetry.trace import Tracer

from groundwire_server.adapters.generator.breaking import BreakerOptions, BreakingGenerator, Circuit
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.http.options import Bounds, Endpoint
from groundwire_server.adapters.generator.http.session import Session
from groundwire_server.adapters.generator.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.adapters.generator.retrying import RetryingGenerator, RetryOptions
from groundwire_server.adapters.generator.tracing import TracingGenerator
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.generator import Generator


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What surrounds the calls of one model."""

    bounds: Bounds = Bounds()
    retry: RetryOptions = RetryOptions()
    breaker: BreakerOptions = BreakerOptions()


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
        self._session = Session(endpoint)
        self._clock = clock
        self._tracer = tracer
        self._random = random
        self.budget = RetryBudget(budget)
        self.circuits: dict[str, Circuit] = {}

    async def __aenter__(self) -> Self:
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._session.__aexit__(*raised)

    def generator(self, dialect: Dialect, options: ModelOptions | None = None) -> Generator:
        """A model of this provider. One span surrounds a call; an open circuit ends it before a retry is thought of."""
        options = options or ModelOptions()
        asked = HttpGenerator(self._session, dialect, options.bounds)
        circuit = self._circuit(dialect.model, options.breaker)
        retried = RetryingGenerator(asked, options.retry, self.budget, self._random)
        return TracingGenerator(BreakingGenerator(retried, circuit), asked.target, self._tracer, self._clock)

    def _circuit(self, model: str, options: BreakerOptions) -> Circuit:
        """The model's circuit; it keeps its record until it is to open by other numbers."""
        known = self.circuits.get(model)
        if known is None or known.options != options:
            known = self.circuits[model] = Circuit(f"{self.endpoint.provider}/{model}", options, self._clock)
        return known
