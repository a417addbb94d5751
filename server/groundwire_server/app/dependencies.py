"""What the server depends on, opened in order and closed in reverse; only what the settings name is imported."""

from collections.abc import Mapping
from dataclasses import dataclass

from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The adapters in use."""

    retriever: Retriever
    corpus: Corpus
    embedder: Embedder | None
    generators: Mapping[str, Generator]
