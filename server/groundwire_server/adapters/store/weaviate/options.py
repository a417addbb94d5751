"""What an operator says about a Weaviate store; `app/` fills these from its configuration."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
    """What the keyword leg looks through."""

    TEXT = "text"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Address:
    """Where Weaviate listens: REST for the schema, gRPC for everything else."""

    host: str = "127.0.0.1"
    http_port: int = 8080
    grpc_port: int = 50051
    grpc_host: str | None = None

    @property
    def told(self) -> str:
        """Both, as an operator knows them."""
        return f"{self.host}:{self.http_port} and {self.grpc_host or self.host}:{self.grpc_port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS to both ports; without a certificate authority of one's own the system's are trusted."""

    ca: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How to reach Weaviate.

    Attributes:
        address: its ports.
        api_key: sent with every call; never logged.
        tls: None for plain text.
        concurrent_calls: calls in flight; more wait for their turn, within their deadline.
        longest_call: seconds that one call may take whatever its deadline.
        attempts: tries of a call that Weaviate was not there for, all within the call's deadline.
        keepalive: seconds between pings on an idle connection.
        pool: connections kept to the HTTP port; all gRPC calls share one.
        headers: sent with every call, such as a module's key; never logged.
    """

    address: Address = Address()
    api_key: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    concurrent_calls: int = 64
    longest_call: float = 60.0
    attempts: int = 3
    keepalive: float = 30.0
    pool: int = 20
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How a route searches.

    Attributes:
        mode: the legs.
        alpha: the vector leg's weight, 0 to 1.
        fields: what the keyword leg looks through, each with its boost.
        autocut: stop after this many jumps in score; None keeps all.
        max_vector_distance: the vector leg leaves out what is farther, in cosine distance (0 to 2).
        consistency: replicas that must answer.
    """

    mode: SearchMode = SearchMode.HYBRID
    alpha: float = 0.5
    fields: Mapping[SearchField, float] = field(default_factory=lambda: {SearchField.TEXT: 1.0})
    autocut: int | None = None
    max_vector_distance: float | None = None
    consistency: Consistency = Consistency.ONE


@dataclass(frozen=True, slots=True)
class Vectorizer:
    """A module of Weaviate's that makes the vectors, of what is stored and of questions.

    Attributes:
        module: its name, such as `text2vec-ollama`.
        settings: as the module takes them.
        fields: what of a passage is embedded.
    """

    module: str
    settings: Mapping[str, object] = field(default_factory=dict)
    fields: tuple[SearchField, ...] = (SearchField.TEXT,)

    @property
    def name(self) -> str:
        """The module with a hash of all that is set for it: vectors of two names are never compared."""
        known = json.dumps([self.settings, sorted(self.fields)], sort_keys=True)
        return f"{self.module}@{hashlib.sha256(known.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class CollectionOptions:
    """What the corpus is kept in.

    Attributes:
        name: of the collection of chunks; that of documents has `Documents` after it.
        vector: name of the vector that our embedder fills.
        model: the embedding model: vectors of two models are never compared; empty without one.
        dimensions: length of its vectors.
        replicas: nodes that hold each chunk.
        tokenization: how the words of the keyword index are cut.
        vectorizer: what makes vectors in place of our embedder.
    """

    name: str = "Groundwire"
    vector: str = "text"
    model: str = ""
    dimensions: int = 0
    replicas: int = 1
    tokenization: Tokenization = Tokenization.WHITESPACE
    vectorizer: Vectorizer | None = None

    @property
    def documents(self) -> str:
        """Name of the collection of documents."""
        return f"{self.name}Documents"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How the corpus is written.

    Attributes:
        batch_chunks: the most chunks in one call.
        batch_bytes: about the most bytes in one call.
        concurrent_batches: calls of one document in flight; the next waits for one of them.
        concurrent_patches: the same for chunks whose access list alone changes.
        consistency: replicas that must have written.
        create_tenants: whether a tenant's first document makes its Weaviate tenant; if not, an operator does.
        change_seconds: a change that has not ended after this time is taken for broken off.
        version_lag: seconds that a search may know an older corpus version, when another replica has written.
    """

    batch_chunks: int = 200
    batch_bytes: int = 4 * 1024 * 1024
    concurrent_batches: int = 2
    concurrent_patches: int = 8
    consistency: Consistency = Consistency.QUORUM
    create_tenants: bool = True
    change_seconds: float = 120.0
    version_lag: float = 1.0


@dataclass(frozen=True, slots=True)
class WeaviateOptions:
    """All of it."""

    connection: ConnectionOptions = ConnectionOptions()
    collection: CollectionOptions = CollectionOptions()
    search: SearchOptions = field(default_factory=SearchOptions)
    write: WriteOptions = WriteOptions()
