"""Writers that are killed at any moment, and what may be there afterwards: of each document one finished state."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Document, Listing
from groundwire_server.domain.erasure import Erasure, OneDocument
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.failure import Failure
from groundwire_server.ports.recording import unrecorded
from tests.contract.stores import ALICE, AXES, BOB, chunk, near

READERS = (ALICE, BOB)
ACCESS = (frozenset({EVERYBODY}), frozenset({"alice"}), frozenset({"bob"}), frozenset({"alice", "bob"}))
_ERASED = 0.4
"""The share of deletions that are erasures."""

TERM = 3600.0
"""Seconds by which the clock of whoever recovers is ahead: every change has broken off by then."""

SECONDS = 20.0
"""The longest time of one call of the test."""


@dataclass(slots=True)
class ShiftedClock(SystemClock):
    """A clock that is ahead."""

    seconds: float = 0.0

    def today(self) -> datetime:
        return SystemClock.today(self) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class State:
    """What a document may be: a text in passages, and who may see it."""

    passages: tuple[str, ...]
    allowed: frozenset[str]

    @property
    def text(self) -> str:
        return "\n".join(self.passages)


@dataclass(slots=True)
class Ledger:
    """What each document may be, given what was acknowledged.

    Attributes:
        states: by document; None stands for one that is not there.
    """

    states: dict[str, set[State | None]] = field(default_factory=dict)

    def of(self, document_id: str) -> set[State | None]:
        return self.states.setdefault(document_id, {None})


@asynccontextmanager
async def process(options: WeaviateOptions, ahead: float = 0.0) -> AsyncIterator[WeaviateStore]:
    """A store as another process has it."""
    store = WeaviateStore.open(options, AXES, ShiftedClock(ahead), unrecorded())
    try:
        yield store
    finally:
        await store.close()


def soon() -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + SECONDS)


class Writer:
    """Changes documents until it is killed.

    Args:
        store: of its own process.
        documents: the ids that it changes.
        shared: whether another does too, so that the order of their changes is not known.
        ledger: what it has done.
        random: decides.
    """

    def __init__(
        self, store: WeaviateStore, documents: Sequence[str], ledger: Ledger, random: Random, *, shared: bool = False
    ) -> None:
        self._store = store
        self._documents = documents
        self._ledger = ledger
        self._random = random
        self._shared = shared
        self._number = 0

    async def run(self) -> None:
        """Change one document after the other; end with the store."""
        while True:
            try:
                await self.change(self._random.choice(self._documents))
            except Failure:
                # Whether it was done is not known; killed is killed.
                return

    async def change(self, document_id: str) -> None:
        """Change one document."""
        before = self._ledger.of(document_id)
        wanted = self._wanted(document_id, before)
        self._ledger.states[document_id] = before | {wanted}
        await self._change(document_id, wanted)
        if not self._shared:
            self._ledger.states[document_id] = {wanted}

    def _wanted(self, document_id: str, before: set[State | None]) -> State | None:
        known = next(iter(before)) if len(before) == 1 else None
        kind = self._random.random()
        if kind < 0.15:
            return None
        allowed = self._random.choice(ACCESS)
        if known is not None and kind < 0.4:
            return State(known.passages, allowed)
        self._number += 1
        name = f"{document_id} {id(self)} {self._number} {self._random.random()}"
        count = self._random.randint(1, 6)
        return State(tuple(f"A parcel of {name}, part {place}." for place in range(count)), allowed)

    async def _change(self, document_id: str, wanted: State | None) -> None:
        if wanted is None and self._random.random() < _ERASED:
            await self._store.erasure.erase(Erasure(ALICE.tenant, OneDocument(document_id)), soon())
            return
        if wanted is None:
            for caller in READERS:
                await self._store.corpus.delete(caller, document_id, soon())
            return
        document = Document(document_id, wanted.text, "Title", f"file:{document_id}", {}, wanted.allowed)
        chunks = [chunk(f"{document_id}/{place}", text, near(0), place) for place, text in enumerate(wanted.passages)]
        await self._store.corpus.put(ALICE, document, repr(wanted), chunks, soon())


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as one caller sees it."""

    listed: bool
    revision: int
    text: str | None
    found: frozenset[str]
    revisions: frozenset[int]


async def seen(store: WeaviateStore, document_ids: Sequence[str]) -> dict[str, dict[str, Seen]]:
    """What callers see of documents, through everything that shows them."""
    everything: dict[str, dict[str, Seen]] = {each: {} for each in document_ids}
    for caller in READERS:
        listed = {info.document_id for info in await store.corpus.page(caller, Listing(), None, 1000, soon())}
        for each in document_ids:
            everything[each][caller.subject] = await _seen(store, caller, each, listed=each in listed)
    return everything


async def _seen(store: WeaviateStore, caller: Caller, document_id: str, *, listed: bool) -> Seen:
    info = await store.corpus.info(caller, document_id, soon())
    text = await store.corpus.text(caller, document_id, soon())
    evidence = await store.retriever.search(caller, Query("parcel", near(0), 1000), soon())
    passages = [each for each in evidence.passages if each.document_id == document_id]
    return Seen(
        listed,
        0 if info is None else info.revision,
        text,
        frozenset(each.text for each in passages),
        frozenset(each.revision for each in passages),
    )


def assert_one_state(document_id: str, by_caller: dict[str, Seen], states: set[State | None]) -> State | None:
    """Return the one of its possible states that a document is in, whole and for every caller."""
    fitting = [state for state in states if all(_fits(state, each, by_caller[each.subject]) for each in READERS)]
    assert fitting, f"{document_id} is in none of its states: {by_caller} of {states}"
    return fitting[0]


def _fits(state: State | None, caller: Caller, found: Seen) -> bool:
    if state is None or not caller.may_see(state.allowed):
        return found == Seen(listed=False, revision=0, text=None, found=frozenset(), revisions=frozenset())
    return (
        found.listed
        and found.text == state.text
        and found.found == frozenset(state.passages)
        and found.revisions == {found.revision}
    )
