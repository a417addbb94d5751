"""Stores of documents."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.app.configuration.models.section import Name, by_kind
from groundwire_server.options import Options

_SENTENCE_VECTORS = "Whether sentences are embedded and stored too, for the model that quotes."


class EmbeddedStoreConfig(Options):
    """A file on this machine, for up to about 50,000 passages per tenant."""

    kind: Literal["embedded"] = Field("embedded", description="A file on this machine.")
    folder: Path = Field(Path("groundwire-data"), description="The folder of the file.")
    embedder: Name | None = Field(None, description="The embedder, by name; search is by keyword alone if unset.")
    sentence_vectors: bool = Field(True, description=_SENTENCE_VECTORS)

    @property
    def place(self) -> tuple[str, str]:
        """The key and the value that no other store may have."""
        return "folder", str(self.folder.absolute())


class WeaviateStoreConfig(WeaviateOptions):
    """A Weaviate, 1.33 to 1.40; needs the extra `weaviate`, and `groundwire corpus apply` before the first start."""

    embedder: Name | None = Field(
        None, description="The embedder, by name; search is by keyword alone if unset.", examples=["local"]
    )
    sentence_vectors: bool = Field(True, description=_SENTENCE_VECTORS)

    @property
    def place(self) -> tuple[str, str]:
        """The key and the value that no other store may have."""
        return "collection", f"{self.http} {self.collection}"


class PineconeStoreConfig(PineconeOptions):
    """Two indexes in Pinecone; needs the extra `pinecone`. It has never been run against the real service."""

    embedder: Name | None = Field(None, description="The embedder, by name; it needs `dense_host`.", examples=["local"])
    sentence_vectors: bool = Field(True, description=_SENTENCE_VECTORS)

    @property
    def place(self) -> tuple[str, str]:
        """The key and the value that no other store may have."""
        return "sparse_host", self.sparse_host


StoreConfig: TypeAlias = Annotated[
    Annotated[EmbeddedStoreConfig, Tag("embedded")]
    | Annotated[WeaviateStoreConfig, Tag("weaviate")]
    | Annotated[PineconeStoreConfig, Tag("pinecone")],
    by_kind("embedded"),
]
