"""The tokens of Weaviate's indexes: principals, and metadata. Those of words are in `adapters/store/terms.py`.

Weaviate has one type for each property name, while a document's metadata may hold any key with any type. So every fact
about a document becomes an exact token: the schema is the same for all tenants, and any key can be filtered.
"""

import hashlib
import re
import struct
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from groundwire_server.domain.metadata import Metadata

_SIGN: Final = 1 << 63
_ALL_BITS: Final = (1 << 64) - 1
_DIGITS: Final = 16
"""Hexadecimal digits of an ordered number; each prefix of them is a token, so that a range needs a few hundred."""

_TENANT: Final = re.compile(r"(?!gw_)[A-Za-z0-9_-]{1,64}")


def tenant_name(tenant: str) -> str:
    """Return the name of the Weaviate tenant: the tenant's own where Weaviate allows it, else a hash."""
    if _TENANT.fullmatch(tenant):
        return tenant
    return f"gw_{hashlib.sha256(tenant.encode()).hexdigest()[:48]}"


def principal_token(principal: str) -> str:
    """Return an entry of an access list: escaped, because the index drops white space at both ends."""
    return f"p:{quote(principal, safe='')}"


@lru_cache(maxsize=4096)
def principal_of(token: str) -> str:
    """Return the principal of an access list's entry."""
    return unquote(token.removeprefix("p:"))


def digest(*parts: str) -> str:
    """Return a short name for strings of any length."""
    hashed = hashlib.blake2b("\x00".join(f"{len(part)}:{part}" for part in parts).encode(), digest_size=12)
    return urlsafe_b64encode(hashed.digest()).decode()


def present(key: str) -> str:
    """Return the token of every document that has the key."""
    return f"k{digest(key)}"


def number(key: str) -> str:
    """Return the token of every document with a number under the key."""
    return f"n{digest(key)}"


def listed(key: str) -> str:
    """Return the token of every document with a list under the key."""
    return f"l{digest(key)}"


def item(key: str, value: str) -> str:
    """Return the token of a list's item."""
    return f"i{digest(key, value)}"


def equal(key: str, value: str | float | bool) -> str:
    """Return the token of a value."""
    match value:
        case bool():
            return f"b{digest(key, str(value))}"
        case str():
            return f"s{digest(key, value)}"
        case _:
            return f"{number(key)}:{_ordered(value):016x}"


def facts(metadata: Metadata) -> list[str]:
    """Return a document's metadata as the tokens that filters look for."""
    return [token for key, value in metadata.items() for token in _facts_of(key, value)]


def _facts_of(key: str, value: "str | float | bool | tuple[str, ...]") -> Iterator[str]:
    yield present(key)
    match value:
        case tuple():
            yield listed(key)
            yield from (item(key, each) for each in dict.fromkeys(value))
        case bool() | str():
            yield equal(key, value)
        case _:
            name, digits = number(key), f"{_ordered(value):016x}"
            yield name
            yield from (f"{name}:{digits[:length]}" for length in range(1, _DIGITS + 1))


def within(key: str, least: float | None, most: float | None, *, above: bool, below: bool) -> list[str]:
    """Return tokens of which a document with a number in the range has exactly one.

    Args:
        key: of the metadata.
        least: the lower bound.
        most: the upper bound.
        above: whether the lower bound itself is outside.
        below: whether the upper bound itself is outside.
    """
    first = 0 if least is None else _ordered(least) + above
    last = _ALL_BITS if most is None else _ordered(most) - below
    name = number(key)
    return [name if not prefix else f"{name}:{prefix}" for prefix in _prefixes(first, last)]


def _prefixes(first: int, last: int) -> Iterable[str]:
    """Yield the fewest aligned blocks that make up a range of 64-bit numbers, each as its hexadecimal prefix."""
    while first <= last:
        free = 0
        while free < _DIGITS:
            size = 1 << 4 * (free + 1)
            if first % size or first + size - 1 > last:
                break
            free += 1
        yield f"{first:016x}"[: _DIGITS - free]
        first += 1 << 4 * free


def _ordered(value: float) -> int:
    """Return a number's bits in a form that sorts by the number; both zeros are one."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", float(value) + 0.0))
    return int(bits ^ _ALL_BITS if bits & _SIGN else bits | _SIGN)
