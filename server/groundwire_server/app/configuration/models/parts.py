"""The model that is part of the server."""

from typing import Literal

from pydantic import Field

from groundwire_server.app.configuration.models.section import Name, Section


class Extractive(Section):
    """Quotes the sentences that support an answer best; needs no network and no key."""

    kind: Literal["extractive"] = Field("extractive", description="The one that quotes.")
    store: Name | None = Field(
        None, description="The store whose embedder it compares sentences with, and whose sentence vectors it reads."
    )
