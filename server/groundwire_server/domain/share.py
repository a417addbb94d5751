"""Shares of requests: which of them belong to one, without a state that would have to be kept."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

_DIGEST_BYTES: Final = 8
_SPARE_BITS: Final = 11
"""Those of a digest that a float cannot tell apart."""

_PLACES: Final = 1 << (8 * _DIGEST_BYTES - _SPARE_BITS)


def place_in_share(name: str, key: bytes = b"", person: bytes = b"") -> float:
    """Return a number from 0 to below 1 for a name: it is among a share where the number is below the share.

    The same name always has the same number, in every process; those of a smaller share are among a larger one.

    Args:
        name: what tells it apart, such as a request's.
        key: keeps others from computing the number; at most 64 bytes, empty where it is no secret.
        person: keeps apart what else the key is used for; at most 16 bytes.
    """
    digest = blake2b(name.encode(), digest_size=_DIGEST_BYTES, key=key, person=person).digest()
    return (int.from_bytes(digest) >> _SPARE_BITS) / _PLACES


def keyed_place(key: bytes) -> Callable[[str], float]:
    """Return what gives the places of names by a key; the key is in no representation of it."""
    return lambda name: place_in_share(name, key)
