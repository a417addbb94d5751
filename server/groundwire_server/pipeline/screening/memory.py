"""What guards found in texts: one that comes again need not be read again."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

FoundT = TypeVar("FoundT")

_MOST: Final = 4096
_DIGEST_BYTES: Final = 16


class FindingMemory(Generic[FoundT]):
    """Remembers the findings of one screen's guards. It holds no text: a digest tells a tenant's text.

    Args:
        most: texts that it remembers; the oldest is forgotten for another.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._found: dict[bytes, tuple[FoundT, ...]] = {}

    def __repr__(self) -> str:
        return f"<FindingMemory of {len(self._found)} texts>"

    def recall(self, tenant: str, text: str, find: Callable[[str], list[FoundT]]) -> list[FoundT]:
        """Return what was found in a tenant's text, or find it."""
        # Of each tenant by itself: how quick an answer is says nothing of what others have.
        key = blake2b(f"{tenant}\0{text}".encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
        known = self._found.get(key)
        if known is None:
            known = tuple(find(text))
            if len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            self._found[key] = known
        return list(known)
