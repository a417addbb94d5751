"""What an operator says about an embedding model behind OpenAI's protocol."""

from typing import Literal

from pydantic import Field

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.http.options import RequestBounds
from groundwire_server.options import Options


class EmbeddingBounds(RequestBounds):
    """What one request may take, in addition to its call's deadline."""

    request_seconds: float = Field(10.0, gt=0, le=600, description="From its beginning to its last byte.")


class OpenAiEmbeddingOptions(Options):
    """An embedding model of a provider whose endpoint speaks as OpenAI's does."""

    model: str = Field(min_length=1, max_length=256, description="The provider's name for it.", examples=["bge-m3"])
    dimensions: int = Field(
        ge=1,
        le=16_384,
        description="The length of its vectors; `groundwire doctor` says whether it is right.",
        examples=[1024],
    )
    shorten: bool = Field(
        False, description="Ask it for vectors of that length; only models that are made for it can shorten theirs."
    )
    encoding: Literal["float", "base64"] | None = Field(
        None,
        description="The form in which vectors are asked for; that of its provider's profile if unset.",
        examples=["base64"],
    )
    batch: BatchOptions = Field(
        default_factory=BatchOptions, description="What one request may hold, and how many requests there may be."
    )
    bounds: EmbeddingBounds = Field(
        default_factory=EmbeddingBounds, description="What one request may take, in addition to its call's deadline."
    )
