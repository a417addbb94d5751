"""The matrix in memory finds what brute force finds, whatever was stored, replaced and deleted before."""

import random
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.store.embedded.vectors import _FIRST_CAPACITY
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.vector import Vector
from tests.contract.stores import ALICE, ALL, BOB, DIMENSIONS, STRANGER, Store

NOTHING_TO_SAY = "what is it"


@dataclass(frozen=True)
class Held:
    chunks: tuple[Chunk, ...]
    allowed: frozenset[str]
    parity: float


class Model:
    """A store beside a dictionary that is changed in the same way."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.held: dict[tuple[str, str], Held] = {}
        self.numbers = count()

    def vector(self) -> Vector:
        numbers = [self.chance.gauss(0.0, 1.0) for _ in range(DIMENSIONS)]
        length = sum(number * number for number in numbers) ** 0.5
        return Vector("f", [number / length for number in numbers])

    async def change(self) -> None:
        caller = self.chance.choice((ALICE, ALICE, STRANGER))
        name = f"d{self.chance.randrange(25)}"
        if self.chance.random() < 0.3:
            await self.store.corpus.delete(Caller(caller.tenant, "", frozenset({"bob", "alice"})), name, NEVER)
            self.held.pop((caller.tenant, name), None)
            return
        chunks = tuple(
            Chunk(f"c{next(self.numbers)}", place, "text", self.vector() if self.chance.random() < 0.9 else None)
            for place in range(self.chance.randrange(30))
        )
        allowed = self.chance.choice((ALL, frozenset({"bob"}), frozenset({"alice"}), frozenset({"alice", "bob"})))
        parity = float(self.chance.randrange(2))
        await self.store.put(name, *chunks, caller=caller, allowed=allowed, metadata={"parity": parity})
        self.held[caller.tenant, name] = Held(chunks, allowed, parity)

    async def check(self) -> None:
        for caller in (ALICE, BOB, STRANGER):
            for parity in (None, 0.0):
                asked = self.vector()
                top_k = self.chance.choice((1, 10, 200))
                condition = None if parity is None else Equals("parity", parity)
                found = await self.store.found(NOTHING_TO_SAY, asked, top_k, caller=caller, condition=condition)
                assert found == self.brute(caller, asked, parity)[:top_k]

    def brute(self, caller: Caller, asked: Vector, parity: float | None) -> list[str]:
        cosines = {
            chunk.chunk_id: sum(a * b for a, b in zip(asked, chunk.vector, strict=True))
            for (tenant, _), held in self.held.items()
            if tenant == caller.tenant and caller.may_see(held.allowed) and parity in {None, held.parity}
            for chunk in held.chunks
            if chunk.vector is not None
        }
        return sorted(cosines, key=cosines.__getitem__, reverse=True)


async def test_the_matrix_is_right_after_any_changes(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    embedding = Embedding("axes", DIMENSIONS)
    sizes = set()
    with closing(EmbeddedStore.open(path, SystemClock(), embedding, readers=1)) as opened:
        model = Model(Store(opened.retriever, opened.corpus, opened.sentence_vectors), seed=11)
        for step in range(240):
            await model.change()
            if step % 4 == 0:
                await model.check()
                vectors = opened.retriever._vectors
                assert vectors is not None
                for matrix in vectors._tenants.values():
                    rows = matrix.rows()
                    assert matrix._gone == int((rows.access == 0).sum()) <= len(rows.ids) // 2
                    sizes.add(len(matrix._ids))
    # It has grown and shrunk on the way.
    assert len(sizes) > 2
    assert max(sizes) > _FIRST_CAPACITY
    # From the file alone it is the same.
    with closing(EmbeddedStore.open(path, SystemClock(), embedding, readers=1)) as opened:
        model.store = Store(opened.retriever, opened.corpus, opened.sentence_vectors)
        for _ in range(10):
            await model.check()
