"""What surrounds the calls of a provider's model, and what they cost."""

from pydantic import Field

from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import AdaptiveConcurrencyOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.domain.price import Price
from groundwire_server.options import Options


class PricesConfig(Options):
    """Prices of a million tokens, in `spending.currency`."""

    input: float = Field(ge=0, le=1_000_000, description="Input tokens.", examples=[0.4])
    output: float = Field(ge=0, le=1_000_000, description="Output tokens.", examples=[1.6])
    cached: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Input tokens read from the provider's cache; as `input` if unset.",
        examples=[0.1],
    )
    cache_write: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Input tokens that the provider puts into its cache; as `input` if unset.",
        examples=[0.5],
    )

    def price(self, currency: str) -> Price:
        """Return the price in a currency."""
        cached = self.input if self.cached is None else self.cached
        return Price(self.input, self.output, cached, currency, self.cache_write)


class ProtectedConfig(Options):
    """What surrounds the calls of a provider's model, and what they cost."""

    retry: RetryOptions = Field(default_factory=RetryOptions, description="How a failed call is retried.")
    breaker: CircuitOptions = Field(
        default_factory=CircuitOptions, description="When calls stop for a while because they keep failing."
    )
    concurrency: AdaptiveConcurrencyOptions | None = Field(None, description="Calls in flight; unlimited if unset.")
    price: PricesConfig | None = Field(None, description="Prices of a million tokens; cost is not counted if unset.")
