"""The stores that routes and document calls name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig, PineconeStoreConfig
from groundwire_server.app.parts.embedders import module_of, open_embedder
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.store import Store
from groundwire_server.ports.recording import Recording


async def open_store(name: str, configuration: Configuration, lease: Lease, recording: Recording) -> Store:
    """Return the store of this name, with its embedder."""
    section = configuration.stores[name]
    embedder = await open_embedder(section.embedder, configuration, lease, recording)
    if isinstance(section, EmbeddedStoreConfig):
        from groundwire_server.app.parts.embedded_store import open_embedded  # noqa: PLC0415  # of one kind alone

        return await open_embedded(section, embedder, lease, recording)
    if isinstance(section, PineconeStoreConfig):
        from groundwire_server.app.parts.pinecone_store import open_pinecone  # noqa: PLC0415  # brings the client

        return await open_pinecone(name, section, embedder, lease, recording)
    with _as_it_was("GRPC_VERBOSITY"):
        # Imported here: the client takes half a second, which servers without a Weaviate are spared. It also has gRPC
        # write to standard error.
        from groundwire_server.app.parts.weaviate_store import open_weaviate  # noqa: PLC0415

    return await open_weaviate(name, section, embedder, module_of(section.embedder, configuration), lease, recording)


@contextmanager
def _as_it_was(variable: str) -> Iterator[None]:
    """Undo what is done to a variable of the environment."""
    before = os.environ.get(variable)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before
