"""Where documents are kept."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag, ValidationInfo, field_validator

from groundwire_server.adapters.store.weaviate.options import Consistency, Tokenization
from groundwire_server.app.configuration.models.section import Name, Section, by_kind
from groundwire_server.options.secret import Secret

_SENTENCE_VECTORS = "Whether sentences are embedded and kept too, which the model that quotes reads."


class EmbeddedStore(Section):
    """A file of this machine, for up to about 50,000 passages a tenant."""

    kind: Literal["embedded"] = Field("embedded", description="The one in a file.")
    folder: Path = Field(Path("groundwire-data"), description="Where it is kept.")
    embedder: Name | None = Field(None, description="What makes it searchable by meaning; by keyword alone if none.")
    sentence_vectors: bool = Field(True, description=_SENTENCE_VECTORS)

    @property
    def place(self) -> tuple[str, str]:
        """What no other store may have: the key that says it, and what it says."""
        return "folder", str(self.folder.absolute())


class WeaviateTls(Section):
    """What connections to Weaviate are secured with."""

    ca: Path | None = Field(
        None,
        description="Authorities that its certificates are trusted by, PEM; the system's if none.",
        examples=["/etc/groundwire/weaviate-ca.pem"],
    )


class Writing(Section):
    """How documents are written into it."""

    batch_chunks: int = Field(200, ge=1, le=2000, description="Passages in one call.")
    batch_bytes: int = Field(
        4 * 1024 * 1024,
        ge=64 * 1024,
        le=64 * 1024 * 1024,
        description="Bytes in one call, about; one passage goes whatever its size.",
    )
    concurrent_batches: int = Field(2, ge=1, le=64, description="Such calls at once for one document.")
    concurrent_patches: int = Field(
        8, ge=1, le=256, description="Passages at once of one document whose access list alone changes."
    )


class WeaviateStore(Section):
    """A Weaviate, 1.33 to 1.40; needs the extra `weaviate`, and `groundwire corpus apply` before the first start."""

    kind: Literal["weaviate"] = Field("weaviate", description="A Weaviate server or cluster.")
    http: str = Field(description="HOST:PORT of its REST interface.", examples=["127.0.0.1:8080"])
    grpc: str = Field(description="HOST:PORT of its gRPC interface.", examples=["127.0.0.1:50052"])
    tls: WeaviateTls | None = Field(None, description="What both connections are secured with; nothing if none.")
    api_key: Secret | None = Field(
        None,
        description="The API key, as a reference: env://NAME or file:///PATH.",
        examples=["env://WEAVIATE_API_KEY"],
    )
    collection: str = Field(
        "Groundwire",
        pattern="^[A-Z][A-Za-z0-9_]{0,99}$",
        description="The collection of chunks; that of documents has `Documents` after it.",
    )
    embedder: Name | None = Field(
        None, description="What makes it searchable by meaning; by keyword alone if none.", examples=["local"]
    )
    vector: str = Field(
        "text", pattern="^[a-z][A-Za-z0-9_]{0,63}$", description="The named vector that the embedder or module fills."
    )
    sentence_vectors: bool = Field(True, description=_SENTENCE_VECTORS)
    tokenization: Tokenization = Field(
        Tokenization.WHITESPACE,
        description="How the keyword index cuts words, which are stemmed before: `whitespace` leaves them whole, "
        "`trigram` finds parts of words too and is several times as large.",
    )
    replicas: int = Field(1, ge=1, le=64, description="Nodes that hold each chunk.")
    consistency: Consistency = Field(
        Consistency.QUORUM, description="Replicas that must have written a change: ONE, QUORUM or ALL."
    )
    create_tenants: bool = Field(
        True, description="Whether a tenant's first document makes its Weaviate tenant; if not, an operator does."
    )
    writing: Writing = Field(default_factory=Writing, description="How documents are written into it.")
    attempts: int = Field(
        3, ge=1, le=10, description="Tries of a call that Weaviate is not there for, all within its time."
    )
    concurrent_calls: int = Field(64, ge=1, le=10_000, description="Calls in flight; more wait, within their time.")
    pool: int = Field(
        20, ge=1, le=1000, description="Connections kept to the REST interface; all gRPC calls share one."
    )
    keepalive_seconds: float = Field(30.0, ge=1, le=3600, description="Between pings on an idle connection.")
    call_seconds: float = Field(60.0, gt=0, le=3600, description="What one call may take, whatever time there is.")

    @property
    def place(self) -> tuple[str, str]:
        """What no other store may have: the key that says it, and what it says."""
        return "collection", f"{self.http} {self.collection}"

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
            raise ValueError("is that of http too: Weaviate's gRPC interface has a port of its own, 50051 unless set")
        return address


Store: TypeAlias = Annotated[
    Annotated[EmbeddedStore, Tag("embedded")] | Annotated[WeaviateStore, Tag("weaviate")], by_kind("embedded")
]
