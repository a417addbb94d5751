"""The schema of the two collections."""

from dataclasses import dataclass
from typing import Any, Final

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    VectorizerOptions,
    VectorSource,
    WeaviateOptions,
)


@dataclass(frozen=True, slots=True)
class PropertySchema:
    """A property of a collection.

    Attributes:
        name: of the property.
        type: Weaviate's data type.
        tokenization: how text is split; empty for other types.
        filterable: whether it has an index for filters.
        searchable: whether it has an index for BM25.
    """

    name: str
    type: str = "text"
    tokenization: str = ""
    filterable: bool = False
    searchable: bool = False


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """A collection.

    Attributes:
        name: of the collection.
        description: names the embedding model of its vectors.
        properties: of its objects.
        vectors: names of its vectors, each compared by cosine.
        replicas: nodes that hold each object.
        vectorizer: the module that makes the vectors; None where the server sends them.
    """

    name: str
    description: str
    properties: tuple[PropertySchema, ...]
    vectors: tuple[str, ...]
    replicas: int
    vectorizer: VectorizerOptions | None = None


def _read(name: str, type_: str = "text") -> PropertySchema:
    return PropertySchema(name, type_, "field" if type_.startswith("text") else "")


def _exact(name: str, type_: str = "text") -> PropertySchema:
    return PropertySchema(name, type_, "field" if type_.startswith("text") else "", filterable=True)


_WORDS: Final = (p.TERMS, p.TITLE_TERMS)
"""They come stemmed and folded from `adapters/store/terms.py`, with white space between them."""

_CHUNKS_FILTERED: Final = (
    _exact(p.DOCUMENT),
    _exact(p.CHUNK),
    _exact(p.BODY),
    _exact(p.ACCESS, "text[]"),
    _exact(p.FACTS, "text[]"),
)

_CHUNKS_READ: Final = (
    _read(p.REVISION, "int"),
    _read(p.CHUNK_ID),
    _read(p.ORDINAL, "int"),
    _read(p.TEXT),
    _read(p.ABOUT),
    _read(p.PLACE),
    _read(p.SPANS),
    _read(p.SENTENCE_VECTORS),
)

_EMBEDDED: Final = {SearchField.TEXT: p.TEXT, SearchField.TITLE: p.TITLE}
"""The properties that a vectorizer reads; stems and facts would blur the vectors."""

_DOCUMENTS: Final = (
    _exact(p.DOCUMENT),
    _exact(p.POSITION),
    _exact(p.LIVE, "boolean"),
    _exact(p.ACCESS, "text[]"),
    _exact(p.FACTS, "text[]"),
    _exact(p.RECENCY),
    _exact(p.PENDING, "boolean"),
    _exact(p.CHANGE),
    _exact(p.UNTIL, "number"),
    _read(p.ABOUT),
    _read(p.CONTENT_HASH),
    _read(p.BODY_HASH),
    _read(p.REVISION, "int"),
    _read(p.BODY),
    _read(p.CHUNK_COUNT, "int"),
    _read(p.SIZE_BYTES, "int"),
    _read(p.VERSION),
)


def wanted(options: WeaviateOptions, vectors: VectorSource) -> tuple[CollectionSchema, CollectionSchema]:
    """Return the collections of chunks and of documents that the options ask for."""
    words = tuple(PropertySchema(name, "text", options.tokenization, searchable=True) for name in _WORDS)
    read: tuple[PropertySchema, ...] = _CHUNKS_READ
    if vectors.module is not None:
        read = (*read, _read(p.WHOLE), _read(p.TITLE))
    return (
        CollectionSchema(
            options.collection,
            f"groundwire: chunks; vectors of {vectors.name}",
            (*_CHUNKS_FILTERED, *words, *read),
            (options.vector,),
            options.replicas,
            vectors.module,
        ),
        CollectionSchema(options.documents, "groundwire: documents", _DOCUMENTS, (), options.replicas),
    )


def definition(collection: CollectionSchema) -> dict[str, Any]:
    """Return a collection in the form of Weaviate's REST interface."""
    written: dict[str, Any] = {
        "class": collection.name,
        "description": collection.description,
        "multiTenancyConfig": {"enabled": True},
        "replicationConfig": _replication(collection.replicas),
        # Stop words are removed before the words are sent.
        "invertedIndexConfig": {"stopwords": {"preset": "none"}},
        "properties": [_property(each) for each in collection.properties],
    }
    if collection.vectors:
        written["vectorConfig"] = {name: _vector(collection.vectorizer) for name in collection.vectors}
    else:
        written |= {"vectorizer": "none", "vectorIndexConfig": {"skip": True}}
    return written


def _replication(replicas: int) -> dict[str, Any]:
    if replicas == 1:
        return {"factor": 1}
    # A node that was away must catch up by itself, deletions included: otherwise it shows documents whose access was
    # withdrawn. Weaviate does both by default, but not before 1.34, and not in every setup since.
    return {"factor": replicas, "asyncEnabled": True, "deletionStrategy": "TimeBasedResolution"}


def _property(schema: PropertySchema) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": schema.name,
        "dataType": [schema.type],
        "indexFilterable": schema.filterable,
        "indexSearchable": schema.searchable,
    }
    if schema.tokenization:
        written["tokenization"] = schema.tokenization
    return written


def _vector(vectorizer: VectorizerOptions | None) -> dict[str, Any]:
    by: dict[str, Any] = {"none": {}}
    if vectorizer is not None:
        embedded = [_EMBEDDED[each] for each in vectorizer.properties]
        by = {vectorizer.module: {**vectorizer.module_settings, "properties": embedded, "vectorizeClassName": False}}
    return {"vectorizer": by, "vectorIndexType": "hnsw", "vectorIndexConfig": {"distance": "cosine"}}
