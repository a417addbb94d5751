"""Metadata and access lists as fields that Pinecone's filters compare.

A document's metadata may hold any key with any type, and names of fields have limits of their own. So each fact about a
document becomes an exact token in one list, and each number a field of its own, named by a hash of its key.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

from groundwire_server.domain.metadata import Metadata, MetadataValue

FACTS: Final = "facts"
ACCESS: Final = "access"

_ALWAYS: Final = "."
"""A token of every record, so that no list is empty."""


def digest(*parts: str) -> str:
    """Return a short name for strings of any length."""
    hashed = blake2b("\x00".join(f"{len(part)}:{part}" for part in parts).encode(), digest_size=12)
    return urlsafe_b64encode(hashed.digest()).decode()


def present(key: str) -> str:
    """Return the token of every document that has the key."""
    return f"k{digest(key)}"


def listed(key: str) -> str:
    """Return the token of every document with a list under the key."""
    return f"l{digest(key)}"


def item(key: str, value: str) -> str:
    """Return the token of a list's item."""
    return f"i{digest(key, value)}"


def equal(key: str, value: str | bool) -> str:
    """Return the token of a text or a truth value."""
    return f"b{digest(key, str(value))}" if isinstance(value, bool) else f"s{digest(key, value)}"


def number_field(key: str) -> str:
    """Return the name of the field with the number under the key."""
    return f"n{digest(key)}"


def reader(principal: str) -> str:
    """Return the token of an access list's entry."""
    return digest(principal)


def compared(metadata: Metadata, principals: Iterable[str]) -> dict[str, Any]:
    """Return the fields by which a document's records are filtered."""
    tokens = [token for key, value in metadata.items() for token in _tokens(key, value)]
    numbers = {
        number_field(key): value + 0.0
        for key, value in metadata.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return {FACTS: [_ALWAYS, *tokens], ACCESS: [_ALWAYS, *map(reader, sorted(principals))], **numbers}


def _tokens(key: str, value: MetadataValue) -> Iterator[str]:
    yield present(key)
    if isinstance(value, tuple):
        yield listed(key)
        yield from (item(key, each) for each in dict.fromkeys(value))
    elif isinstance(value, bool | str):
        yield equal(key, value)
