"""A provider, opened once for all of its models, embedders and checkers."""

from collections.abc import Iterable, Sequence
from functools import partial
from random import Random
from typing import Final, Self

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.options import ReadinessOptions
from groundwire_server.adapters.providers.readiness import ReadinessProbe
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.circuit import Circuit, CircuitOptions, CircuitState
from groundwire_server.adapters.resilience.failure_classes import FailureClasses
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.adapters.resilience.instrumentation import Attributes, Instrumentation
from groundwire_server.adapters.resilience.readiness import Readiness
from groundwire_server.adapters.resilience.retries import Retries, RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Reading
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import names
from groundwire_server.telemetry.metrics import (
    CIRCUITS,
    HTTP_CONNECTIONS,
    HTTP_CONNECTIONS_LIMIT,
    MODELS_READY,
    RETRIES,
)

FAILURES: Final = FailureClasses(
    unavailable=Cause.MODEL_UNAVAILABLE,
    counted=frozenset({Cause.MODEL_UNAVAILABLE, Cause.MODEL_SLOW_START, Cause.MODEL_INTERRUPTED}),
    # A model that is loading has not failed: it will answer, and is looked for meanwhile.
    ignored=frozenset({Cause.MODEL_TIMEOUT, Cause.MODEL_NOT_READY}),
    # A slow start is not among them: the time is better spent on the next model.
    retryable=frozenset({Cause.MODEL_UNAVAILABLE, Cause.MODEL_RATE_LIMITED}),
    limited=Cause.MODEL_RATE_LIMITED,
)
"""What the failures of a model say about it."""


class Provider:
    """The connections of a provider, and what protects the calls of all of its models together.

    Args:
        name: in the configuration and in spans.
        endpoint: where it listens.
        clock: the time of its circuits.
        recording: takes spans and metrics.
        random: draws the waits before retries.
        budget: how much may be retried, for all of its models.
        limiters: how many calls there may be at once, for all of its models.
        health: the URL at which it says whether its models are loaded; None where it is not asked.
        readiness: how often it is asked.

    Attributes:
        session: its connections.
        budget: what is left for retries.
        circuits: by the names of the spans that they are for, such as `chat qwen3-8b`.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        clock: Clock,
        recording: Recording,
        random: Random,
        budget: RetryBudgetOptions,
        limiters: Sequence[FairLimiter] = (),
        health: str | None = None,
        readiness: ReadinessOptions | None = None,
    ) -> None:
        # A server that will be looked for may well refuse connections: it is starting.
        refused = Cause.MODEL_UNAVAILABLE if health is None else Cause.MODEL_NOT_READY
        self.session = Session(name, endpoint, refused)
        self.budget = RetryBudget(budget)
        self.circuits: dict[str, Circuit] = {}
        self._limiters = limiters
        self._clock = clock
        self._recording = recording
        self._random = random
        options = readiness or ReadinessOptions()
        self._probe = None if health is None else ReadinessProbe(self.session, health, options, random)
        recording.metrics.watch(HTTP_CONNECTIONS, self.session, _connections)
        recording.metrics.watch(HTTP_CONNECTIONS_LIMIT, self.session, _most_connections)

    async def __aenter__(self) -> Self:
        await self.session.__aenter__()
        if self._probe is not None:
            self._probe.begin()
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._probe is not None:
            await self._probe.end()
        await self.session.__aexit__(*raised)

    def __repr__(self) -> str:
        """Return its name, and the state of what its models share."""
        return f"<Provider {self.session.provider}: {self.budget}, {list(self.circuits.values())}, {self._limiters}>"

    def call_policy(
        self,
        operation: str,
        model: str,
        retry: RetryOptions,
        circuit: CircuitOptions,
        *,
        own_limiters: Sequence[FairLimiter] = (),
        outer_limiters: Sequence[FairLimiter] = (),
        attributes: Attributes | None = None,
    ) -> CallPolicy:
        """Put together what protects the calls of one model.

        Args:
            operation: what is done with it, in the words of the GenAI conventions.
            model: the provider's name for it.
            retry: how its failed calls are retried.
            circuit: when its calls stop.
            own_limiters: how many calls of this model there may be at once.
            outer_limiters: how many of all models together, whatever their provider.
            attributes: of its spans, beside those that every call of a provider has.
        """
        name = f"{operation} {model}"
        endpoint = self.session.endpoint
        constant: Attributes = {
            names.GEN_AI_OPERATION: operation,
            names.GEN_AI_PROVIDER: self.session.provider,
            names.GEN_AI_MODEL: model,
            names.SERVER_ADDRESS: endpoint.host,
            names.SERVER_PORT: endpoint.port,
            names.RESIDENCY: endpoint.residency.value,
            **(attributes or {}),
        }
        repeated = partial(self._recording.metrics.add, RETRIES, 1, name)
        return CallPolicy(
            self._circuit(name, circuit),
            Retries(retry, self.budget, FAILURES, self._random, repeated, self._readiness(name)),
            Instrumentation(self._recording, name, constant),
            (*own_limiters, *self._limiters, *outer_limiters),
        )

    def _readiness(self, name: str) -> Readiness | None:
        """Return what is known of a model's being loaded; None where nobody looks for it."""
        if self._probe is None:
            return None
        if name in self._probe.models:
            return self._probe.models[name]
        readiness = self._probe.model(name)
        self._recording.metrics.watch(MODELS_READY, readiness, lambda each: [((name,), float(each.ready))])
        return readiness

    def _circuit(self, name: str, options: CircuitOptions) -> Circuit:
        """Return the model's circuit; it keeps its record until it is to open by other options."""
        known = self.circuits.get(name)
        if known is None or known.options != options:
            provider = self.session.provider
            known = self.circuits[name] = watched_circuit(name, provider, options, self._clock, self._recording)
        return known


def watched_circuit(name: str, provider: str, options: CircuitOptions, clock: Clock, recording: Recording) -> Circuit:
    """Return a circuit for the calls of one model, whose state is a metric.

    Args:
        name: of the spans that it is for.
        provider: who runs the model, for the log.
        options: when it opens.
        clock: its time.
        recording: watches it.
    """
    circuit = Circuit(f"{name} of {provider}", options, FAILURES, clock)
    recording.metrics.watch(CIRCUITS, circuit, partial(_openness, name))
    return circuit


_OPENNESS: Final = {CircuitState.CLOSED: 0.0, CircuitState.HALF_OPEN: 0.5, CircuitState.OPEN: 1.0}


def _openness(name: str, circuit: Circuit) -> Iterable[Reading]:
    return [((name,), _OPENNESS[circuit.state])]


def _connections(session: Session) -> Iterable[Reading]:
    pool = session.pool_state()
    return [] if pool is None else [(("active", *_of(session)), pool.active), (("idle", *_of(session)), pool.idle)]


def _most_connections(session: Session) -> Iterable[Reading]:
    return [] if session.pool_state() is None else [(_of(session), session.endpoint.max_connections)]


def _of(session: Session) -> tuple[str, str, str]:
    """Return whose connections they are, as labels."""
    return session.provider, session.endpoint.host, str(session.endpoint.port)
