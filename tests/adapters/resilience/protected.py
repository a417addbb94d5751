"""Models with all that surrounds their calls, and nothing that a test does not ask for."""

from collections.abc import Sequence
from random import Random

from groundwire_server.adapters.generator.protected import ProtectedGenerator
from groundwire_server.adapters.providers.provider import FAILURES
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.circuit import Circuit, CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.adapters.resilience.retries import Retries, RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.recording import unrecorded
from tests.doubles.time import LoopTime

ONCE = RetryOptions(max_attempts=1)


def circuit(options: CircuitOptions | None = None) -> Circuit:
    return Circuit("test/model", options or CircuitOptions(), FAILURES, LoopTime())


def limiter(slots: int, places: int) -> FairLimiter:
    return FairLimiter(ConcurrencyOptions(max_concurrent=slots, queue_size=places))


def retries(options: RetryOptions, budget: RetryBudget | None = None, seed: int = 7) -> Retries:
    return Retries(options, budget or RetryBudget(RetryBudgetOptions()), FAILURES, Random(seed))


def protected(
    inner: Generator,
    *,
    guarded_by: Circuit | None = None,
    retried_by: Retries | None = None,
    limiters: Sequence[FairLimiter] = (),
    first_token_seconds: float | None = None,
) -> ProtectedGenerator:
    """A generator with a fresh circuit, one attempt and no limiter, but for those that are given."""
    policy = CallPolicy(
        guarded_by or circuit(),
        retried_by or retries(ONCE),
        Instrumentation(unrecorded(), "chat test", {}),
        limiters,
    )
    return ProtectedGenerator(inner, policy, first_token_seconds)
