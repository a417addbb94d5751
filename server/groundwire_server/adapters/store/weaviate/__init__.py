"""The Weaviate store: one collection of chunks and one of documents, one Weaviate tenant for each tenant.

`store.py` opens it, `options.py` says what can be configured, `migration.py` brings the schema up to date.
"""

from groundwire_server.adapters.store.weaviate.failures import Fault, StoreFailure
from groundwire_server.adapters.store.weaviate.migration import Change, DestructiveChange, Schema, Step
from groundwire_server.adapters.store.weaviate.options import (
    Address,
    CollectionOptions,
    ConnectionOptions,
    Consistency,
    SearchField,
    SearchMode,
    SearchOptions,
    Tls,
    WeaviateOptions,
    WriteOptions,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore

__all__ = [
    "Address",
    "Change",
    "CollectionOptions",
    "ConnectionOptions",
    "Consistency",
    "DestructiveChange",
    "Fault",
    "Schema",
    "SearchField",
    "SearchMode",
    "SearchOptions",
    "Step",
    "StoreFailure",
    "Tls",
    "WeaviateOptions",
    "WeaviateStore",
    "WriteOptions",
]
