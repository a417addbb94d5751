"""A corpus that keeps what it is given."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, PutState, Stored


@dataclass
class KeepingCorpus:
    """Holds one tenant's documents and remembers every call's deadline."""

    infos: dict[str, DocumentInfo] = field(default_factory=dict)
    chunks: dict[str, Sequence[Chunk]] = field(default_factory=dict)
    deadlines: list[Deadline] = field(default_factory=list)
    puts: int = 0

    async def hash_of(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        info = await self.info(caller, document_id, deadline)
        return info.content_hash if info else None

    async def put(
        self, caller: Caller, document: Document, content_hash: str, chunks: Sequence[Chunk], deadline: Deadline
    ) -> Stored:
        self.deadlines.append(deadline)
        self.puts += 1
        before = self.infos.get(document.document_id)
        self.infos[document.document_id] = DocumentInfo(
            document.document_id,
            document.title,
            document.source_uri,
            document.metadata,
            document.allowed_principals,
            before.revision + 1 if before else 1,
            content_hash,
            len(chunks),
            len(document.text.encode()),
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        self.chunks[document.document_id] = chunks
        state = PutState.UPDATED if before else PutState.CREATED
        return Stored(state, self.infos[document.document_id].revision, len(chunks), f"v{self.puts}")

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        self.deadlines.append(deadline)
        info = self.infos.get(document_id)
        return info if info and caller.may_see(info.allowed_principals) else None

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        raise NotImplementedError

    async def page(self, caller: Caller, after: str, limit: int, deadline: Deadline) -> Sequence[DocumentInfo]:
        raise NotImplementedError

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        raise NotImplementedError

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        self.deadlines.append(deadline)
        return f"v{self.puts}"


@pytest.fixture
def corpus() -> KeepingCorpus:
    return KeepingCorpus()
