"""What the bytes of a request hold, found out before they are parsed.

A list of a hundred thousand empty messages is 200 KB on the wire, 12 MB as objects, and seconds for whatever looks at
each of them. So lists are counted in the bytes themselves, and nothing is made of a request whose lists are too long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from groundwire_server.domain.failure import GroundwireError, Violation

FIELDS_LIMIT: Final = 5120
"""The most fields of a request, elements of lists included.

The largest document that the contract allows has 4,640: 64 entries of metadata with 64 texts each, and 256 principals.
"""

_DEPTH_LIMIT: Final = 100
"""How deep messages may be nested; protobuf's own limit."""

_VARINT, _BYTES = 0, 2
_SIZES: Final[Mapping[int, int]] = {1: 8, 5: 4}
"""The bytes of a value, by its kind on the wire."""
_VARINT_BYTES: Final = 10
_CONTINUED: Final = bytes(range(128, 256))
_FIXED_SIZES: Final[Mapping[int, int]] = {
    FieldDescriptor.TYPE_DOUBLE: 8,
    FieldDescriptor.TYPE_FIXED64: 8,
    FieldDescriptor.TYPE_SFIXED64: 8,
    FieldDescriptor.TYPE_FLOAT: 4,
    FieldDescriptor.TYPE_FIXED32: 4,
    FieldDescriptor.TYPE_SFIXED32: 4,
}
_UNPACKED: Final = frozenset({FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE})


class MalformedMessageError(GroundwireError):
    """The bytes are not a message."""


@dataclass(slots=True)
class _Field:
    """What counting has to know of a field.

    Attributes:
        name: its name; none for the value of a map's entry.
        most: the most elements of a list or a map; None for a field that is neither.
        is_map: whether it is a map.
        packed: bytes of an element of a packed list; 0 for varints, None for lists that are never packed.
        inside: the fields of its message; None where it has none that matter.
    """

    name: str
    most: int | None
    is_map: bool
    packed: int | None
    inside: "Shape | None"


Shape = dict[int, _Field]
"""The fields of a message that are lists, or hold messages, by number."""


def shape_of(descriptor: Descriptor) -> Shape:
    """Return what counting has to know of a type of message.

    Raises:
        ValueError: when the contract does not bound a list, naming it.
    """
    return _shape(descriptor, {})


def fields_over_limits(
    data: bytes, shape: Shape, most_fields: int = FIELDS_LIMIT, max_depth: int = _DEPTH_LIMIT
) -> Violation | None:
    """Return the first list that is too long, or that there are too many fields; None for a message within limits.

    Args:
        data: the message as it came.
        shape: of its type.
        most_fields: the most fields in all, elements of lists included.
        max_depth: how deep messages may be nested.

    Raises:
        MalformedMessageError: when the bytes are not a message.
    """
    return _Scan(data, most_fields, max_depth).violation(shape)


def _shape(descriptor: Descriptor, known: dict[str, Shape]) -> Shape:
    # Filters hold filters: a shape is known before it is complete.
    shape = known.get(descriptor.full_name)
    if shape is not None:
        return shape
    shape = known[descriptor.full_name] = {}
    for each in descriptor.fields:
        inside = None if each.message_type is None else _shape(each.message_type, known)
        if not each.is_repeated:
            if inside is not None:
                name = "" if descriptor.GetOptions().map_entry else each.name
                shape[each.number] = _Field(name, None, is_map=False, packed=None, inside=inside)
            continue
        is_map = each.message_type is not None and each.message_type.GetOptions().map_entry
        most = _most(each, is_map=is_map)
        packed = None if each.type in _UNPACKED else _FIXED_SIZES.get(each.type, 0)
        shape[each.number] = _Field(each.name, most, is_map, packed, inside)
    return shape


def _most(each: FieldDescriptor, *, is_map: bool) -> int:
    options: Any = each.GetOptions()
    for option, rules in options.ListFields():
        # By name: the extension's own class lies within protovalidate's package.
        if option.full_name == "buf.validate.field":
            most = rules.map.max_pairs if is_map else rules.repeated.max_items
            if most:
                return int(most)
    raise ValueError(f"{each.full_name}: the contract must bound the list")


@dataclass(slots=True)
class _Message:
    """A message that is being counted: a field that comes several times adds to what came before."""

    path: str
    counts: dict[int, int] = field(default_factory=dict)
    inner: "dict[int, _Message]" = field(default_factory=dict)


class _Scan:
    """One pass over the bytes, which ends at the first list that is too long."""

    def __init__(self, data: bytes, most_fields: int, max_depth: int) -> None:
        self._data = data
        self._most_fields = most_fields
        self._left = most_fields
        self._max_depth = max_depth

    def violation(self, shape: Shape) -> Violation | None:
        try:
            return self._message(0, len(self._data), shape, _Message(""), 1)
        except IndexError:
            raise MalformedMessageError from None

    def _message(self, at: int, end: int, shape: Shape, message: _Message, depth: int) -> Violation | None:
        """Count what lies between two places."""
        if depth > self._max_depth:
            raise MalformedMessageError
        while at < end:
            self._left -= 1
            if self._left < 0:
                description = f"must have no more than {self._most_fields} fields in all"
                return Violation("", description, "message.max_fields")
            tag, at = self._varint(at)
            kind = tag & 7
            at, stop = self._extent(kind, at)
            if stop > end:
                raise MalformedMessageError
            found = shape.get(tag >> 3)
            if found is not None:
                violation = self._field(found, tag >> 3, kind, (at, stop), message, depth)
                if violation is not None:
                    return violation
            at = stop
        return None

    def _extent(self, kind: int, at: int) -> tuple[int, int]:
        """Return where a field's value begins, and where it ends."""
        if kind == _BYTES:
            length, at = self._varint(at)
            return at, at + length
        if kind == _VARINT:
            return at, self._varint(at)[1]
        if kind not in _SIZES:
            # Groups: no message of the contract has one.
            raise MalformedMessageError
        return at, at + _SIZES[kind]

    def _field(
        self, found: _Field, number: int, kind: int, extent: tuple[int, int], message: _Message, depth: int
    ) -> Violation | None:
        """Count an element, a packed list, or what is in a message."""
        inner = None
        if found.most is not None:
            elements = self._elements(found, *extent) if kind == _BYTES else 1
            count = message.counts[number] = message.counts.get(number, 0) + elements
            if count > found.most:
                return _too_long(f"{message.path}{found.name}", found)
            if found.inside:
                inner = _Message(f"{message.path}{found.name}[{'…' if found.is_map else count - 1}].")
        elif kind == _BYTES:
            inner = message.inner.get(number)
            if inner is None:
                # The value of a map's entry has the entry's own place.
                inner = message.inner[number] = _Message(f"{message.path}{found.name}." if found.name else message.path)
        if inner is None or found.inside is None or kind != _BYTES:
            return None
        return self._message(*extent, found.inside, inner, depth + 1)

    def _elements(self, found: _Field, at: int, stop: int) -> int:
        if found.packed is None:
            return 1
        if found.packed:
            return (stop - at) // found.packed
        return len(self._data[at:stop].translate(None, _CONTINUED))

    def _varint(self, at: int) -> tuple[int, int]:
        value = self._data[at]
        if value < 128:
            return value, at + 1
        value = 0
        for position in range(_VARINT_BYTES):
            byte = self._data[at + position]
            value |= (byte & 127) << (7 * position)
            if byte < 128:
                return value, at + position + 1
        raise MalformedMessageError


def _too_long(place: str, found: _Field) -> Violation:
    """Return the violation in the words of the contract's own rule."""
    if found.is_map:
        return Violation(place, f"map must be at most {found.most} entries", "map.max_pairs")
    return Violation(place, f"must contain no more than {found.most} item(s)", "repeated.max_items")
