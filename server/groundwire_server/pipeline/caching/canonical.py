"""One form in bytes for each value: two values have the same only where they are equal and of the same types."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final

DIGEST_BYTES: Final = 32
"""Two values of one digest take 2^128 tries to find, even for somebody who chooses both."""


def digest(value: object) -> bytes:
    """Return a digest of a value's canonical form.

    Raises:
        TypeError: as for `canonical`.
    """
    return blake2b(canonical(value), digest_size=DIGEST_BYTES).digest()


def canonical(value: object) -> bytes:
    """Return a value in bytes: its type, how many bytes follow, and these.

    So no text can be moved from one place to the next without changing the whole, and `1`, `1.0`, `True` and `"1"`
    are four values. Sets and mappings have no order; a dataclass is known by its name and its fields by theirs, so that
    a field that is added to one changes it.

    Raises:
        TypeError: for a value that is none of these, whose form nobody has decided.
    """
    kind: Any = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if isinstance(value, Enum):
        return _tagged(b"e", canonical(kind.__qualname__) + canonical(value.value))
    if is_dataclass(value):
        name, values = _reader(kind)
        return _tagged(b"d", name + b"".join(map(canonical, values(value))))
    if isinstance(value, Mapping):
        return _tagged(b"m", b"".join(sorted(canonical(key) + canonical(item) for key, item in value.items())))
    raise TypeError(f"no canonical form for {kind.__qualname__}")


def _tagged(tag: bytes, content: bytes) -> bytes:
    return tag + len(content).to_bytes(8) + content


def _sequence(items: Any) -> bytes:
    return _tagged(b"l", b"".join(map(canonical, items)))


@cache
def _reader(kind: type[Any]) -> tuple[bytes, Callable[[object], tuple[object, ...]]]:
    """Return the names of a dataclass and its fields, and what reads their values."""
    names = [each.name for each in fields(kind)]
    name = canonical(f"{kind.__module__}.{kind.__qualname__}") + _sequence(names)
    if not names:
        return name, lambda _: ()
    read = attrgetter(*names)
    return name, read if len(names) > 1 else lambda value: (read(value),)


_WRITERS: Final[Mapping[type[Any], Callable[[Any], bytes]]] = {
    type(None): lambda _: b"n",
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: _tagged(b"i", str(value).encode()),
    float: lambda value: b"r" + struct.pack(">d", value),
    str: lambda value: _tagged(b"s", value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: _tagged(b"b", value),
    tuple: _sequence,
    list: _sequence,
    frozenset: lambda value: _tagged(b"u", b"".join(sorted(map(canonical, value)))),
    set: lambda value: _tagged(b"u", b"".join(sorted(map(canonical, value)))),
}
