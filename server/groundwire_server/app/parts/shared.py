"""Parts that several configurations have in common stay open from the one to the other."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
Opened: TypeAlias = tuple[T, Callable[[], Awaitable[object]]]
"""A part, and what closes it."""


@dataclass(slots=True)
class _Open(Generic[T]):
    value: T
    close: Callable[[], Awaitable[object]]
    users: int = 0


class Shared:
    """Parts that are open, by what makes two the same: their kind and all that is set for them."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Open[Any]] = {}

    def lease(self) -> "Lease":
        """The beginning of a use."""
        return Lease(self)

    def keys(self) -> list[Hashable]:
        """The keys of what is open."""
        return list(self._open)

    async def take(self, key: Hashable, open_: Callable[[], Awaitable[Opened[T]]]) -> T:
        """The open part of this key, or the one that is opened now, with one user more."""
        if key not in self._open:
            self._open[key] = _Open(*await open_())
        self._open[key].users += 1
        value: T = self._open[key].value
        return value

    async def give_back(self, key: Hashable) -> None:
        """One user less; the last one's part is closed."""
        part = self._open[key]
        part.users -= 1
        if not part.users:
            del self._open[key]
            await part.close()


class Lease:
    """What one configuration uses."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._keys: list[Hashable] = []

    def others(self) -> list[Hashable]:
        """The keys of all that is open, for whomever."""
        return self._shared.keys()

    async def take(self, key: Hashable, open_: Callable[[], Awaitable[Opened[T]]]) -> T:
        """Use a part until the end of the lease."""
        value = await self._shared.take(key, open_)
        self._keys.append(key)
        return value

    async def end(self) -> None:
        """Give all back, in the reverse of its order."""
        while self._keys:
            await self._shared.give_back(self._keys.pop())
