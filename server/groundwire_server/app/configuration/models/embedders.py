"""What makes vectors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, Tag, field_validator

from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.store.weaviate.options import SearchField, Vectorizer
from groundwire_server.app.configuration.models.section import Name, Section, by_kind
from groundwire_server.app.configuration.secrets import Secret
from groundwire_server.domain.residency import Residency

_OURS = frozenset({"model", "modelId", "properties", "vectorizeClassName"})
"""Settings of a module that are no option."""

_KEY_HEADERS: Mapping[str, str] = {
    "text2vec-cohere": "X-Cohere-Api-Key",
    "text2vec-huggingface": "X-HuggingFace-Api-Key",
    "text2vec-jinaai": "X-JinaAI-Api-Key",
    "text2vec-mistral": "X-Mistral-Api-Key",
    "text2vec-nvidia": "X-Nvidia-Api-Key",
    "text2vec-openai": "X-OpenAI-Api-Key",
    "text2vec-voyageai": "X-VoyageAI-Api-Key",
}
_MODEL_KEYS: Mapping[str, str] = {"text2vec-google": "modelId"}
"""What a module calls its model, where it is not `model`."""


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


class WeaviateModule(Section):
    """A module of Weaviate's, for the stores in it: Weaviate makes the vectors, of documents and of questions."""

    kind: Literal["weaviate"] = Field("weaviate", description="A vectorizer module of Weaviate's.")
    module: str = Field(
        pattern="^text2vec-[a-z0-9]+$",
        description="Its name; Weaviate has to have it enabled.",
        examples=["text2vec-ollama"],
    )
    model: str | None = Field(
        None, max_length=256, description="The model that it asks; its own default if none.", examples=["bge-m3"]
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Further settings, as the module takes them.",
        examples=[{"apiEndpoint": "http://ollama.internal:11434"}],
    )
    properties: tuple[SearchField, ...] = Field(
        (SearchField.TEXT,), min_length=1, description="What of a passage is embedded: `text`, `title`."
    )
    key: Secret | None = Field(
        None,
        description="The key of whom it asks, as a reference: env://NAME or file:///PATH.",
        examples=["env://PROVIDER_KEY"],
    )
    key_header: str | None = Field(
        None,
        pattern="^X-[A-Za-z0-9-]{1,62}$",
        description="The header that its key goes in; that of the module if none.",
        examples=["X-OpenAI-Api-Key"],
    )
    residency: Residency = Field(
        Residency.HOSTED, description="Who runs its model: `self_hosted` where questions and documents stay with you."
    )

    @field_validator("settings")
    @classmethod
    def _further(cls, settings: dict[str, Any]) -> dict[str, Any]:
        if ours := sorted(_OURS & settings.keys()):
            raise ValueError(f"{ours[0]} is set by the server: leave it out")
        return settings

    @property
    def header(self) -> str | None:
        """Where its key goes; None when nobody knows."""
        return self.key_header or _KEY_HEADERS.get(self.module)

    def options(self) -> Vectorizer:
        """What the store takes."""
        named = {} if self.model is None else {_MODEL_KEYS.get(self.module, "model"): self.model}
        return Vectorizer(self.module, {**self.settings, **named}, self.properties)

    def headers(self) -> Mapping[str, str]:
        """What goes with every call."""
        return {} if self.key is None or self.header is None else {self.header: self.key.reveal()}


Embedder: TypeAlias = Annotated[
    Annotated[MiniLm, Tag("minilm")]
    | Annotated[OpenAiEmbedder, Tag("openai")]
    | Annotated[WeaviateModule, Tag("weaviate")],
    by_kind("minilm"),
]
