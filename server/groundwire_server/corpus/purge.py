"""Purging: removing every document that a filter selects, of those that the caller may see."""

from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Listing
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Filter
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.corpus import Corpus

SAMPLE: Final = 100
"""The most ids that a plan names."""


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a purge would remove.

    Attributes:
        count: how many documents.
        sample: the ids of the first of them, in the order of ids.
    """

    count: int
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge has removed.

    Attributes:
        count: how many documents, each with all of its passages.
        complete: whether no document is left that the filter selects; where some are, another purge goes on.
        corpus_version: after it.
    """

    count: int
    complete: bool
    corpus_version: str


async def plan_purge(corpus: Corpus, caller: Caller, condition: Filter, deadline: Deadline) -> PurgePlan:
    """Look at what a purge would remove, and change nothing.

    Raises:
        Failure: of the store.
    """
    count = await corpus.count(caller, condition, deadline)
    sample = await corpus.page(caller, Listing(condition), None, SAMPLE, deadline) if count else ()
    return PurgePlan(count, tuple(info.document_id for info in sample))


async def purge(corpus: Corpus, clock: Clock, caller: Caller, condition: Filter, deadline: Deadline) -> Purged:
    """Remove documents batch by batch until none is left or the time is up.

    A failure after the first batch ends the purge early, so that its caller learns what is gone; the next purge meets
    the failure again if it lasts.

    Raises:
        Failure: of the store, before anything was removed.
    """
    by = deadline.reply_by(clock.now())
    count, version = 0, ""
    try:
        while removed := await corpus.purge(caller, condition, by):
            count, version = count + removed.count, removed.corpus_version
    except Failure:
        if not count:
            raise
        return Purged(count, complete=False, corpus_version=version)
    return Purged(count, complete=True, corpus_version=version or await corpus.version(caller, by))
