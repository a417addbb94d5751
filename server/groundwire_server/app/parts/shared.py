"""Parts that several configurations have in common stay open from the one to the other."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Open(Generic[T]):
    value: T
    part: AbstractAsyncContextManager[T]
    users: int = 0


class TenantWeights:
    """The weights of tenants' shares, for every limiter of the process; a reload replaces them at once."""

    def __init__(self) -> None:
        self._weights: Mapping[str, float] = {}

    def __call__(self, tenant: str) -> float:
        """Return a tenant's weight; 1 where none is set."""
        return self._weights.get(tenant, 1.0)

    def replace(self, weights: Mapping[str, float]) -> None:
        """Use other weights from now on."""
        self._weights = dict(weights)


class Shared:
    """Parts that are open, by what makes two the same: their kind and all that is set for them.

    Args:
        weights: of the tenants that share them.
    """

    def __init__(self, weights: TenantWeights | None = None) -> None:
        self.weights = weights or TenantWeights()
        self._open: dict[Hashable, _Open[Any]] = {}

    def lease(self) -> "Lease":
        """Begin a use."""
        return Lease(self)

    def keys(self) -> list[Hashable]:
        """Return the keys of what is open."""
        return list(self._open)

    async def take(self, key: Hashable, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """Return the part of this key with one user more; it is made and entered if it is not open yet."""
        if key not in self._open:
            part = make()
            self._open[key] = _Open(await part.__aenter__(), part)
        self._open[key].users += 1
        value: T = self._open[key].value
        return value

    async def give_back(self, key: Hashable) -> None:
        """Count one user less; the last one's part is exited."""
        opened = self._open[key]
        opened.users -= 1
        if not opened.users:
            del self._open[key]
            await opened.part.__aexit__(None, None, None)


class Lease:
    """What one configuration uses. It is kept until its end: parts that nothing holds may be closed at any time."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._keys: list[Hashable] = []

    @property
    def weights(self) -> TenantWeights:
        """The weights of the tenants that share the parts."""
        return self._shared.weights

    def open_keys(self) -> list[Hashable]:
        """Return the keys of all that is open, for any configuration."""
        return self._shared.keys()

    async def take(self, key: Hashable, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """Use a part until the end of the lease."""
        value = await self._shared.take(key, make)
        self._keys.append(key)
        return value

    async def end(self) -> None:
        """Give all back, the last taken first."""
        while self._keys:
            await self._shared.give_back(self._keys.pop())
