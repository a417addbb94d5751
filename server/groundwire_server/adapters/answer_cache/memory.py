"""An AnswerCache in the memory of one process."""

import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from math import inf
from typing import Final

from groundwire_server.adapters.answer_cache.marks import AnswerMarks, passages_of
from groundwire_server.adapters.answer_cache.options import FORGOTTEN_SECONDS, MOST_BYTES, AnswerCacheOptions, Full
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.evidence import Passage
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

_ENTRY_BYTES: Final = 2048
_PASSAGE_BYTES: Final = 640
_CITATION_BYTES: Final = 256
_SENTENCE_BYTES: Final = 384
_CONFLICT_BYTES: Final = 320
"""What they take besides their texts, in CPython, rounded up."""


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: CachedAnswer
    marks: AnswerMarks
    size: int
    expires: float


@dataclass(slots=True)
class _Tenant:
    """The answers of one tenant, the least recently used first."""

    used: OrderedDict[AnswerKey, None] = field(default_factory=OrderedDict)
    size: int = 0


class MemoryAnswerCache:
    """Answers that end with the process and that no other process sees.

    Args:
        options: how many there may be.
        clock: says when one is too old.
        recorder: counts them.

    Attributes:
        shared: False.
        size: the bytes of all together.
    """

    shared = False

    def __init__(self, options: AnswerCacheOptions, clock: Clock, recorder: Metrics) -> None:
        self._options = options
        self._clock = clock
        self._metrics = recorder
        self._entries: dict[AnswerKey, _Entry] = {}
        self._used: OrderedDict[AnswerKey, None] = OrderedDict()
        self._kept: OrderedDict[AnswerKey, float] = OrderedDict()
        self._tenants: dict[str, _Tenant] = {}
        self._forgotten: dict[str, float] = {}
        self.size = 0
        for full in Full:
            # So that a rate is known from the first eviction on.
            recorder.add(metrics.CACHED_ANSWERS_EVICTED, 0, full)
        recorder.watch(metrics.CACHED_ANSWERS, self, lambda cache: [((), cache.count)])
        recorder.watch(metrics.CACHED_ANSWERS_SIZE, self, lambda cache: [((), cache.size)])

    def __repr__(self) -> str:
        return f"<MemoryAnswerCache: {len(self._entries)} answers, {self.size} bytes>"

    @property
    def count(self) -> int:
        """How many there are, those among them whose time is over."""
        return len(self._entries)

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer of a key; see the port."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock.now():
            self._drop(key)
            return None
        self._used.move_to_end(key)
        self._tenants[key.tenant].used.move_to_end(key)
        return entry.answer

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> None:
        """Keep an answer; see the port."""
        if began <= self._forgotten.get(key.tenant, -inf):
            return
        self._drop(key)
        self._drop_expired()
        size = size_in_memory(answer)
        if size > MOST_BYTES:
            return
        expires = self._clock.now() + self._options.max_age_seconds
        self._entries[key] = _Entry(answer, AnswerMarks.of(key, answer), size, expires)
        self._used[key] = None
        self._kept[key] = expires
        tenant = self._tenants.setdefault(key.tenant, _Tenant())
        tenant.used[key] = None
        tenant.size += size
        self.size += size
        self._make_room(tenant)

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        """Forget answers of a tenant; see the port."""
        now = self._clock.now()
        # No call lasts that long.
        self._forgotten = {name: at for name, at in self._forgotten.items() if now - at < FORGOTTEN_SECONDS}
        self._forgotten[tenant] = now
        known = self._tenants.get(tenant)
        selected = [
            key for key in (known.used if known else ()) if self._entries[key].marks.selected(tenant, selection)
        ]
        for key in selected:
            self._drop(key)
        return Forgotten(len(selected))

    def _make_room(self, tenant: _Tenant) -> None:
        options = self._options
        while len(tenant.used) > options.tenant_entries or tenant.size > options.tenant_bytes:
            self._evict(next(iter(tenant.used)), Full.TENANT)
        while len(self._entries) > options.entries or self.size > options.total_bytes:
            self._evict(next(iter(self._used)), Full.CACHE)

    def _evict(self, key: AnswerKey, full: Full) -> None:
        self._drop(key)
        self._metrics.add(metrics.CACHED_ANSWERS_EVICTED, 1, full)

    def _drop_expired(self) -> None:
        now = self._clock.now()
        while self._kept and next(iter(self._kept.values())) <= now:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: AnswerKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        del self._used[key], self._kept[key]
        self.size -= entry.size
        tenant = self._tenants[key.tenant]
        del tenant.used[key]
        tenant.size -= entry.size
        if not tenant.used:
            del self._tenants[key.tenant]


def size_in_memory(answer: CachedAnswer) -> int:
    """Return the approximate number of bytes that an answer takes, with its passages, each of which counts once."""
    grounded = answer.answer
    size = _ENTRY_BYTES + sys.getsizeof(grounded.text)
    size += sum(map(_passage_bytes, {id(passage): passage for passage in passages_of(answer)}.values()))
    for citation in (*grounded.citations, *grounded.dropped_citations):
        size += _CITATION_BYTES + sys.getsizeof(citation.quote)
    for sentence in grounded.sentences:
        size += _SENTENCE_BYTES
        size += sum(_CONFLICT_BYTES + sys.getsizeof(conflict.passage_words) for conflict in sentence.conflicts)
    return size


def _passage_bytes(passage: Passage) -> int:
    texts = [passage.chunk_id, passage.text, passage.document_id, passage.title, passage.source_uri]
    texts += [*passage.allowed_principals, *passage.place.section, *passage.metadata]
    for value in passage.metadata.values():
        texts += value if isinstance(value, tuple) else [str(value)]
    return _PASSAGE_BYTES + sum(map(sys.getsizeof, texts))
