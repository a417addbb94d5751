"""Erasing documents and records from every place that holds their texts."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from math import isinf
from typing import Final

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    ErasurePlan,
    ErasureReceipt,
    Forgotten,
    RecordErasure,
)
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.erasable import Erasable, ErasableRecords, ErasableStore

SAMPLE: Final = 100
"""The most ids that a plan names."""

NOTES: Final = (
    "Not reached: snapshots, backups and exports of the store, and answers that callers have received.",
    "A restored snapshot brings back what was erased since: erase it again.",
    "Space that a file system or a disk has freed is not overwritten.",
)


RECORD_NOTES: Final = (
    "Not reached: backups of the database of records, and answers that callers have received.",
    "The audit trail of reviews is kept: it holds no texts, but the names of those who acted on reviews.",
    "A restored backup brings back what was erased since: erase it again.",
    "Space that a file system or a disk has freed is not overwritten.",
)


class Eraser:
    """The erasure of documents from a store, and then from everything that may hold their texts beside it.

    Args:
        corpus: tells the version.
        store: keeps the documents.
        beside: what else holds texts; asked when no new search finds the documents any more.
        clock: dates the receipts.
    """

    def __init__(self, corpus: Corpus, store: ErasableStore, beside: Sequence[Erasable], clock: Clock) -> None:
        self._corpus = corpus
        self._store = store
        self._beside = beside
        self._clock = clock

    async def plan(self, caller: Caller, erasure: Erasure, deadline: Deadline) -> ErasurePlan:
        """Look at what an erasure would remove, and change nothing.

        Raises:
            Failure: of the store.
        """
        return await self._store.plan_erasure(caller, erasure, SAMPLE, deadline)

    async def erase(self, caller: Caller, erasure: Erasure, deadline: Deadline) -> ErasureReceipt:
        """Erase documents; where the time is up first, the receipt says so and another call goes on.

        Raises:
            Failure: of the store, before anything was erased.
        """
        by = deadline.reply_by(self._clock.now())
        places: list[ErasedPlace] = [*await self._store.erase(erasure, by)]
        for each in self._beside:
            places += await each.erase(erasure, by)
        version = await self._corpus.version(caller, deadline)
        return _receipt(caller, erasure, places, self._clock, version, NOTES)


class RecordEraser:
    """The erasure of what came of questions: of queued ones, of earlier answers, and of answers in flight.

    Args:
        records: keep queued questions and earlier answers, each by whose it is.
        runs: keeps answers in flight for callers that ask for them again, and knows them by their tenant alone.
        clock: dates the receipts.
    """

    def __init__(self, records: Sequence[ErasableRecords], runs: Erasable, clock: Clock) -> None:
        self._records = records
        self._runs = runs
        self._clock = clock

    async def erase(self, caller: Caller, erasure: RecordErasure, deadline: Deadline) -> ErasureReceipt:
        """Erase records; where the time is up first, the receipt says so and another call goes on."""
        by = deadline.reply_by(self._clock.now())
        # Answers in flight first: what they still put beside themselves is there when it is erased.
        places = [*await self._runs.erase(Erasure(erasure.tenant, EntireTenant()), by)]
        for each in self._records:
            places += await each.erase(erasure, by)
        return _receipt(caller, erasure, places, self._clock, "", RECORD_NOTES)


class CachedAnswers:
    """Earlier answers that may stand in; an Erasable, by what they cite or show and by whose they are.

    Args:
        cache: keeps them.
        clock: for the time that is left.
    """

    def __init__(self, cache: AnswerCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the answers that an erasure names; see the port."""
        left = deadline.remaining(self._clock.now())
        try:
            async with asyncio.timeout(None if isinf(left) else left):
                forgotten = await self._cache.forget(erasure.tenant, erasure.selection)
        except TimeoutError:
            forgotten = Forgotten(0, complete=False)
        return [ErasedPlace(ErasedPlaceKind.CACHED_ANSWERS, forgotten.count, forgotten.complete)]


class ProcessTexts:
    """What this process holds of documents' texts in memory, by the configuration in force; an Erasable."""

    def __init__(self) -> None:
        self._holders: Sequence[Erasable] = ()

    def replace(self, holders: Sequence[Erasable]) -> None:
        """Erase from these from now on: another configuration has other parts."""
        self._holders = tuple(holders)

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the texts that every holder has; see the port."""
        return [place for each in self._holders for place in await each.erase(erasure, deadline)]


def _receipt(
    caller: Caller,
    erasure: Erasure | RecordErasure,
    places: Sequence[ErasedPlace],
    clock: Clock,
    corpus_version: str,
    notes: Sequence[str],
) -> ErasureReceipt:
    return ErasureReceipt(
        secrets.token_hex(16),
        erasure,
        places,
        clock.today(),
        hashlib.sha256(f"{caller.tenant}\n{caller.subject}".encode()).hexdigest(),
        corpus_version,
        notes,
    )
