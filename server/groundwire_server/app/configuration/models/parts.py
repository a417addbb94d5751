"""What routes are made of: embedders and models, each under a name."""

from typing import Literal

from pydantic import Field

from groundwire_server.app.configuration.models.section import Name, Section


class MiniLm(Section):
    """all-MiniLM-L6-v2 on this machine; needs the extra `local`, no network and no key."""

    kind: Literal["minilm"] = Field("minilm", description="The one on this machine.")
    cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")


class Extractive(Section):
    """Quotes the sentences that support an answer best; needs no network and no key."""

    kind: Literal["extractive"] = Field("extractive", description="The one that quotes.")
    store: Name | None = Field(
        None, description="The store whose embedder it compares sentences with, and whose sentence vectors it reads."
    )
