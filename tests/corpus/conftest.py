"""Everything here runs in virtual time, over a store that remembers what it was given."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, Stored
from tests.doubles.store import MemoryStore
from tests.doubles.time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualTimeLoop}


class KeepingCorpus(MemoryStore):
    """A Corpus.

    Attributes:
        chunks: those of each document that was put last.
        expected: the revision that each put expected.
        before_put: runs once, before the next put, with the id of its document.
    """

    def __init__(self) -> None:
        super().__init__()
        self.chunks: dict[str, Sequence[Chunk]] = {}
        self.expected: list[int | None] = []
        self.before_put: Callable[[str], Awaitable[None]] | None = None

    @property
    def puts(self) -> int:
        return len(self.expected)

    async def put(
        self,
        caller: Caller,
        document: Document,
        content_hash: str,
        chunks: Sequence[Chunk],
        deadline: Deadline,
        *,
        expected_revision: int | None = None,
    ) -> Stored:
        before, self.before_put = self.before_put, None
        if before is not None:
            await before(document.document_id)
        self.expected.append(expected_revision)
        self.chunks[document.document_id] = chunks
        return await super().put(caller, document, content_hash, chunks, deadline, expected_revision=expected_revision)


@pytest.fixture
def corpus() -> KeepingCorpus:
    return KeepingCorpus()
