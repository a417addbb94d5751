"""What models may cost."""

from typing import Annotated

from pydantic import Field

from groundwire_server.app.configuration.models.section import Section


class Spending(Section):
    """What models may cost."""

    currency: Annotated[
        str, Field(pattern="^[A-Z]{3}$", description="The one that all prices are in, by its code of three letters.")
    ] = "USD"
    daily: float | None = Field(
        None,
        gt=0,
        le=1_000_000_000,
        description="What each tenant may spend in a day (UTC), counted by each process; as much as comes if none.",
        examples=[25.0],
    )
