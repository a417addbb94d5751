"""What makes vectors."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.models.section import Name, Section, by_kind


class MiniLm(Section):
    """all-MiniLM-L6-v2 on this machine; needs the extra `local`, no network and no key."""

    kind: Literal["minilm"] = Field("minilm", description="The one on this machine.")
    cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")


class _Addressed(Section):
    kind: Literal["openai"] = Field("openai", description="An embeddings endpoint.")
    provider: Name = Field(description="Who runs it, by its name; of the kind `openai`.", examples=["openai"])


class OpenAiEmbedder(OpenAiEmbeddingOptions, _Addressed):
    """An embedding model of a provider whose endpoint speaks as OpenAI's does."""

    retry: RetryOptions = Field(default_factory=RetryOptions, description="How a failed request is retried.")
    breaker: CircuitOptions = Field(
        default_factory=CircuitOptions, description="When calls stop for a while because they keep failing."
    )
    cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")


Embedder: TypeAlias = Annotated[
    Annotated[MiniLm, Tag("minilm")]
    | Annotated[OpenAiEmbedder, Tag("openai")]
    | Annotated[VectorizerOptions, Tag("weaviate")],
    by_kind("minilm"),
]
