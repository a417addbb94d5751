"""What makes vectors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, Tag, field_validator

from groundwire_server.adapters.store.weaviate.options import SearchField, Vectorizer
from groundwire_server.app.configuration.models.generators import Breaker, Retry
from groundwire_server.app.configuration.models.section import Name, Section, by_kind
from groundwire_server.domain.residency import Residency
from groundwire_server.options.secret import Secret

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
