"""Options of a store in Weaviate, and what makes its vectors."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from groundwire_server.domain.residency import Residency
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


class Consistency(StrEnum):
    """How many replicas must agree."""

    ONE = "ONE"
    QUORUM = "QUORUM"
    ALL = "ALL"


class SearchMode(StrEnum):
    """Which legs a search has. What a question lacks, a word or a vector, is done without."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    VECTOR = "vector"


class Tokenization(StrEnum):
    """How Weaviate cuts the words of its keyword index, which come to it stemmed and folded."""

    WHITESPACE = "whitespace"
    """Not at all: whole words are found."""
    TRIGRAM = "trigram"
    """Into three letters each: parts of words are found, and misspelt ones; the index is several times as large."""


class SearchField(StrEnum):
    """A text of a passage that is searched or embedded."""

    TEXT = "text"
    TITLE = "title"


class SearchOptions(Options):
    """How a route searches a store of the kind `weaviate`."""

    mode: SearchMode = Field(
        SearchMode.HYBRID, description="By words and meaning (`hybrid`), words alone, or meaning alone (`vector`)."
    )
    alpha: float = Field(0.5, ge=0, le=1, description="Weight of meaning in a hybrid search, from 0 to 1.")
    query_properties: dict[SearchField, Annotated[float, Field(gt=0, le=100)]] = Field(
        default_factory=lambda: {SearchField.TEXT: 1.0},
        min_length=1,
        description="Texts that are searched for words, each with its boost: `text`, `title`.",
        examples=[{"text": 1.0, "title": 2.0}],
    )
    autocut: int | None = Field(
        None, ge=1, le=64, description="Stop after so many jumps in the scores; keep all if unset.", examples=[1]
    )
    max_vector_distance: float | None = Field(
        None, ge=0, le=2, description="Largest cosine distance of a result; unlimited if unset.", examples=[0.7]
    )
    consistency: Consistency = Field(
        Consistency.ONE, description="Replicas that must agree on a result: ONE, QUORUM or ALL."
    )


class WeaviateTlsOptions(Options):
    """TLS of both connections to Weaviate."""

    ca: Path | None = Field(
        None,
        description="Authorities that Weaviate's certificates are verified with, PEM; the system's if unset.",
        examples=["/etc/groundwire/weaviate-ca.pem"],
    )


class WriteOptions(Options):
    """How documents are written."""

    batch_chunks: int = Field(200, ge=1, le=2000, description="Passages per request.")
    batch_bytes: int = Field(
        4 * 1024 * 1024,
        ge=64 * 1024,
        le=64 * 1024 * 1024,
        description="Bytes per request, approximately; a single passage is sent whatever its size.",
    )
    concurrent_batches: int = Field(2, ge=1, le=64, description="Such requests in flight for one document.")
    concurrent_patches: int = Field(
        8, ge=1, le=256, description="Passages in flight for a document of which only the access list changes."
    )
    consistency: Consistency = Field(
        Consistency.QUORUM, description="Replicas that must have written a change: ONE, QUORUM or ALL."
    )
    create_tenants: bool = Field(
        True, description="Whether a tenant's first document creates its Weaviate tenant; if not, an operator does."
    )
    change_seconds: float = Field(
        30.0, ge=1, le=3600, description="Seconds after which an unfinished change that is not renewed has broken off."
    )
    version_lag_seconds: float = Field(
        1.0, ge=0, le=60, description="Seconds that a search may use an older corpus version than another server wrote."
    )


class WeaviateOptions(Options):
    """A Weaviate, 1.33 to 1.40; needs the extra `weaviate`, and `groundwire corpus apply` before the first start."""

    kind: Literal["weaviate"] = Field("weaviate", description="A Weaviate server or cluster.")
    http: str = Field(description="HOST:PORT of the REST interface.", examples=["127.0.0.1:8080"])
    grpc: str = Field(description="HOST:PORT of the gRPC interface.", examples=["127.0.0.1:50052"])
    tls: WeaviateTlsOptions | None = Field(None, description="TLS of both connections; plain text if unset.")
    api_key: Secret | None = Field(
        None, description="API key, a reference: env://NAME or file:///PATH.", examples=["env://WEAVIATE_API_KEY"]
    )
    collection: str = Field(
        "Groundwire",
        pattern="^[A-Z][A-Za-z0-9_]{0,99}$",
        description="The collection of chunks; that of documents is named after it, with `Documents` appended.",
    )
    vector: str = Field(
        "text",
        pattern="^[a-z][A-Za-z0-9_]{0,63}$",
        description="The named vector that the embedder or module fills.",
    )
    tokenization: Tokenization = Field(
        Tokenization.WHITESPACE,
        description="How the keyword index cuts words, which are stemmed before: `whitespace` leaves them whole, "
        "`trigram` finds parts of words too and is several times as large.",
    )
    replicas: int = Field(1, ge=1, le=64, description="Nodes that hold each chunk.")
    write: WriteOptions = Field(default_factory=WriteOptions, description="How documents are written.")
    max_attempts: int = Field(
        3, ge=1, le=10, description="Attempts of a call when Weaviate is unavailable, all within its deadline."
    )
    max_concurrent: int = Field(
        64, ge=1, le=10_000, description="Calls in flight; further ones wait, within their deadlines."
    )
    pool_size: int = Field(
        20, ge=1, le=1000, description="Connections kept to the REST interface; all gRPC calls share one."
    )
    keepalive_seconds: float = Field(30.0, ge=1, le=3600, description="Seconds between pings on an idle connection.")
    call_seconds: float = Field(60.0, gt=0, le=3600, description="Longest time of one call, whatever its deadline.")

    @property
    def documents(self) -> str:
        """The name of the collection of documents."""
        return f"{self.collection}Documents"

    @field_validator("http", "grpc")
    @classmethod
    def _address(cls, address: str) -> str:
        host, colon, port = address.rpartition(":")
        if not host or "/" in host or not colon or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("must be HOST:PORT without a scheme, such as weaviate.internal:8080")
        return address

    @field_validator("grpc")
    @classmethod
    def _own_port(cls, address: str, info: ValidationInfo) -> str:
        if address == info.data.get("http"):
            raise ValueError("is that of http too: Weaviate's gRPC interface has a port of its own, 50051 by default")
        return address


_RESERVED: Final = frozenset({"model", "modelId", "properties", "vectorizeClassName"})
"""Settings of a module that the server sets."""

_KEY_HEADERS: Final[Mapping[str, str]] = {
    "text2vec-cohere": "X-Cohere-Api-Key",
    "text2vec-huggingface": "X-HuggingFace-Api-Key",
    "text2vec-jinaai": "X-JinaAI-Api-Key",
    "text2vec-mistral": "X-Mistral-Api-Key",
    "text2vec-nvidia": "X-Nvidia-Api-Key",
    "text2vec-openai": "X-OpenAI-Api-Key",
    "text2vec-voyageai": "X-VoyageAI-Api-Key",
}
_MODEL_KEYS: Final[Mapping[str, str]] = {"text2vec-google": "modelId"}
"""The setting for the model, of modules that do not name it `model`."""


class VectorizerOptions(Options):
    """A vectorizer module of Weaviate, for stores in it: Weaviate embeds both documents and questions."""

    kind: Literal["weaviate"] = Field("weaviate", description="A vectorizer module of Weaviate.")
    module: str = Field(
        pattern="^text2vec-[a-z0-9]+$",
        description="The name of the module, which must be enabled in Weaviate.",
        examples=["text2vec-ollama"],
    )
    model: str | None = Field(
        None, max_length=256, description="The module's embedding model; its own default if unset.", examples=["bge-m3"]
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Further settings of the module, as Weaviate documents them.",
        examples=[{"apiEndpoint": "http://ollama.internal:11434"}],
    )
    properties: tuple[SearchField, ...] = Field(
        (SearchField.TEXT,), min_length=1, description="Texts of a passage that are embedded: `text`, `title`."
    )
    key: Secret | None = Field(
        None,
        description="API key of the module's provider, a reference: env://NAME or file:///PATH.",
        examples=["env://PROVIDER_KEY"],
    )
    key_header: str | None = Field(
        None,
        pattern="^X-[A-Za-z0-9-]{1,62}$",
        description="Header of that key; the module's own if unset.",
        examples=["X-OpenAI-Api-Key"],
    )
    residency: Residency = Field(
        Residency.HOSTED, description="Who runs the model: `self_hosted` where questions and documents stay with you."
    )

    @field_validator("settings")
    @classmethod
    def _further(cls, settings: dict[str, Any]) -> dict[str, Any]:
        if reserved := sorted(_RESERVED & settings.keys()):
            raise ValueError(f"{reserved[0]} is set by the server: leave it out")
        return settings

    @property
    def module_settings(self) -> Mapping[str, Any]:
        """The settings of the module with its model."""
        named = {} if self.model is None else {_MODEL_KEYS.get(self.module, "model"): self.model}
        return {**self.settings, **named}

    @property
    def name(self) -> str:
        """The module with a hash of everything that is set for it: vectors of two names are never compared."""
        known = json.dumps([self.module_settings, sorted(self.properties)], sort_keys=True)
        return f"{self.module}@{hashlib.sha256(known.encode()).hexdigest()[:12]}"

    @property
    def header(self) -> str | None:
        """The header of the key; None when neither the options nor the table of modules name it."""
        return self.key_header or _KEY_HEADERS.get(self.module)

    def headers(self) -> Mapping[str, str]:
        """Return the headers of every call; never logged."""
        return {} if self.key is None or self.header is None else {self.header: self.key.reveal()}


@dataclass(frozen=True, slots=True)
class VectorSource:
    """What makes the vectors of a store: an embedder of the server, a module of Weaviate, or nothing.

    Attributes:
        model: the embedder's model, with its version; empty without an embedder.
        dimensions: the length of its vectors.
        module: of Weaviate, in place of an embedder.
    """

    model: str = ""
    dimensions: int = 0
    module: VectorizerOptions | None = None

    @property
    def name(self) -> str:
        """A name by which vectors of two sources are told apart."""
        if self.module is not None:
            return self.module.name
        return f"{self.model} ({self.dimensions})" if self.model else "none"
