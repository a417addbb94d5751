"""The cost of models."""

from pydantic import Field

from groundwire_server.options import Options


class SpendingConfig(Options):
    """The currency of prices, and a limit on the cost of models."""

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Currency of all prices, as its three-letter code.")
    daily_limit: float | None = Field(
        None,
        gt=0,
        le=1_000_000_000,
        description="What each tenant may spend in a day (UTC), counted by each process; unlimited if unset.",
        examples=[25.0],
    )
