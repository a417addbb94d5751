"""Uploads documents, and counts the results."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

import groundwire
from groundwire.v1.document_pb2 import Document
from groundwire_server.cli.files.entries import Readable, Unchanged, Unreadable
from groundwire_server.cli.files.memory import Memory
from groundwire_server.cli.ingest.progress import DocumentProgress
from groundwire_server.cli.ingest.tally import Tally

_AT_ONCE: Final = 1000
"""Documents of one call: a call has a time limit, and what a folder takes has none."""


def upload(
    client: groundwire.SyncClient,
    documents: Iterable[Readable | Unchanged | Unreadable],
    total: int,
    tally: Tally,
    *,
    memory: Memory | None = None,
    label: str = "storing",
) -> None:
    """Store documents, and show the progress.

    Args:
        client: of the server.
        documents: the documents to store; those that could not be read count as failed.
        total: the number of documents.
        tally: counts the results; it is right even when the call fails midway.
        memory: knows what is stored already, and learns what this call stores.
        label: the label of the progress.
    """
    sent = deque[Readable]()
    with DocumentProgress(label, total) as progress:

        def readable() -> Iterator[Document]:
            # Runs in the client's sending thread: the deque, the lists and the bar are safe to use from there.
            for each in documents:
                known = memory.same(each) if memory and isinstance(each, Readable) else None
                match known or each:
                    case Unreadable() as unreadable:
                        tally.failures.append(unreadable)
                        progress.advance(unreadable.name)
                    case Unchanged() as unchanged:
                        tally.keep(unchanged)
                        progress.advance(unchanged.document_id)
                    case Readable() as document:
                        sent.append(document)
                        yield document.document

        remaining = readable()
        while batch := list(islice(remaining, 1)):
            for result in client.ingest(chain(batch, islice(remaining, _AT_ONCE - 1))):
                document = sent.popleft()  # results come in the order of the documents
                tally.add(result, document)
                if memory:
                    memory.confirm(document, result)
                progress.advance(document.document.document_id)
