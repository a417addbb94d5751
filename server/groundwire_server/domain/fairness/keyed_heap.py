"""A heap whose items have keys that may change."""

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T", bound=Hashable)

Key: TypeAlias = tuple[float, ...]

_SLACK = 32
"""Outdated entries that are kept at least, so that a small heap is not rebuilt all the time."""


class KeyedHeap(Generic[T]):
    """Items by their keys, the smallest first; of equal keys, the one that was set first.

    An entry whose item has another key by now stays in the heap until it comes up, or until such entries outnumber the
    items: every operation takes logarithmic time on average, and the memory is bounded by the number of items.
    """

    __slots__ = ("_count", "_entries", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[Key, int, T]] = []
        self._entries: dict[T, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._entries)

    def set(self, item: T, key: Key) -> None:
        """Add an item, or give it another key."""
        self._count += 1
        self._entries[item] = self._count
        heappush(self._heap, (key, self._count, item))
        if len(self._heap) > 2 * len(self._entries) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapify(self._heap)

    def discard(self, item: T) -> None:
        """Remove an item, if it is there."""
        self._entries.pop(item, None)

    def first(self, other_than: T | None = None) -> T | None:
        """Return the item with the smallest key; None where there is none.

        Args:
            other_than: an item that is passed over.
        """
        top = self._top()
        if top is None or top[2] != other_than:
            return None if top is None else top[2]
        heappop(self._heap)
        following = self._top()
        heappush(self._heap, top)
        return None if following is None else following[2]

    def _top(self) -> tuple[Key, int, T] | None:
        while self._heap:
            if self._is_current(self._heap[0]):
                return self._heap[0]
            heappop(self._heap)
        return None

    def _is_current(self, entry: tuple[Any, int, T]) -> bool:
        return self._entries.get(entry[2]) == entry[1]
