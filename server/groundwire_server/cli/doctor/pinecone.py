"""Checks of a store in Pinecone."""

from collections.abc import Iterator
from dataclasses import replace

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig


def pinecone(name: str, store: PineconeStoreConfig, configuration: Configuration) -> Iterator[CheckResult]:
    """Yield results for its credential and its indexes."""
    message = f"{name}: the adapter for Pinecone has never been run against the real service"
    yield CheckResult.warn("store", message, "try it with documents that you can ingest again")
    try:
        from groundwire_server.app.pinecone_examination import examine_pinecone  # noqa: PLC0415  # brings the client
    except ImportError:
        yield CheckResult.warn("store", f"{name}: cannot be examined", "install groundwire-server[pinecone]")
        return
    for found in examine_pinecone(store, configuration):
        yield replace(found, message=f"{name}: {found.message}")
