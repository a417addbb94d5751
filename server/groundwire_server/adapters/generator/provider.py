"""The generators of a provider's models."""

from dataclasses import dataclass

from groundwire_server.adapters.generator.breaking import CircuitBreakingGenerator
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.retrying import RetryingGenerator
from groundwire_server.adapters.generator.tracing import InstrumentedGenerator
from groundwire_server.adapters.http.circuit import BreakerOptions
from groundwire_server.adapters.http.options import Bounds
from groundwire_server.adapters.http.provider import Provider
from groundwire_server.adapters.http.retries import Retries, RetryOptions
from groundwire_server.ports.generator import Generator


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What surrounds the calls of one model."""

    bounds: Bounds = Bounds()
    retry: RetryOptions = RetryOptions()
    breaker: BreakerOptions = BreakerOptions()


def generator_of(provider: Provider, dialect: Dialect, options: ModelOptions | None = None) -> Generator:
    """A model of a provider. One span surrounds a call; an open circuit ends it before a retry is thought of."""
    options = options or ModelOptions()
    asked = HttpGenerator(provider.session, dialect, options.bounds)
    circuit = provider.circuit(dialect.model, options.breaker)
    retried = RetryingGenerator(asked, Retries(options.retry, provider.budget, provider.random))
    return InstrumentedGenerator(
        CircuitBreakingGenerator(retried, circuit), asked.target, provider.tracer, provider.clock
    )
