"""What an operator says about an embedding model behind OpenAI's protocol."""

from typing import Literal

from pydantic import Field

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.http.options import DocumentBounds
from groundwire_server.options import Options


class OpenAiEmbeddingOptions(Options):
    """An embedding model of a provider whose endpoint speaks as OpenAI's does."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["bge-m3"]
    )
    dimensions: int = Field(
        ge=1,
        le=16_384,
        description="Length of its vectors; `groundwire doctor` checks it.",
        examples=[1024],
    )
    shorten: bool = Field(False, description="Ask for vectors of that length; only some models can shorten theirs.")
    encoding: Literal["float", "base64"] | None = Field(
        None,
        description="Encoding of vectors in responses; by the provider's profile if unset.",
        examples=["base64"],
    )
    batch: BatchOptions = Field(default_factory=BatchOptions, description="Size and number of requests.")
    bounds: DocumentBounds = Field(
        default_factory=DocumentBounds, description="Limits of one request, in addition to the deadline of its call."
    )
