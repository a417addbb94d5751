"""Storing documents: the corpus that questions are asked about, and how fast new ones go in."""

import pydoc_data.topics
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.calls import FloorCalls, ProductCalls
from groundwire.v1.document_pb2 import Document

_NEW = ("lambda", "with", "exceptions", "naming", "yield", "import")
"""The topics that are stored with vectors in every round, which takes some seconds; without, all of them are."""


def corpus() -> list[Document]:
    """The documents of the demo."""
    return [_document(name) for name in sorted(pydoc_data.topics.topics)]


@dataclass
class Storing:
    """A folder of its own, and documents to store in it.

    Attributes:
        arguments: of the server that stores them there.
        documents: the documents.
        chunks: how many the documents are, once they were stored.
    """

    arguments: Sequence[str]
    documents: Sequence[Document]
    chunks: int = 0

    async def rate(self, calls: ProductCalls) -> float:
        """Store the documents for a tenant that has none; return chunks a second."""
        began = time.perf_counter()
        self.chunks = await calls.ingest(self.documents, tenant="ingest")
        return self.chunks / (time.perf_counter() - began)

    async def floor(self, calls: FloorCalls) -> float:
        """Send the documents there and back; return as many chunks a second as they would be."""
        began = time.perf_counter()
        await calls.ingest(self.documents)
        return self.chunks / (time.perf_counter() - began)


@asynccontextmanager
async def storing(arguments: Sequence[str], documents: Sequence[Document]) -> AsyncIterator[Storing]:
    """Copy the folder that the arguments end with, for as long as this lasts."""
    *others, data = arguments
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "data"
        shutil.copytree(data, copy)
        yield Storing([*others, str(copy)], documents)


def few() -> list[Document]:
    """Documents that are stored with their vectors within seconds."""
    return [_document(name) for name in _NEW]


def _document(name: str) -> Document:
    return Document(document_id=name, text=pydoc_data.topics.topics[name], allowed_principals=["*"])
