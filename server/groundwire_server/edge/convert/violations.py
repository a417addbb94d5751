"""What protovalidate has to say about a message."""

import re
from collections.abc import Iterator
from typing import Any, Final

import protovalidate
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from groundwire_server.domain.failure import Violation

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""The keys of maps that are shown; any other may hold a text."""


_SMALL: Final = 256
"""A message of so many bytes has too few elements for any rule about them to take long."""


def violations_of(message: Message) -> tuple[Violation, ...]:
    """Return every field of the message that breaks one of its constraints; the values are not repeated.

    Lists are counted first, and where one is too long nothing else is looked at: a rule about the elements together,
    such as that their ids differ, takes the square of their number, and 20,000 elements exceed its budget.
    """
    too_long = tuple(_too_long(message, "")) if message.ByteSize() > _SMALL else ()
    return too_long or tuple(
        Violation(_path(violation), violation.proto.message, violation.proto.rule_id)
        for violation in protovalidate.collect_violations(message)
    )


def _too_long(message: Message, above: str) -> Iterator[Violation]:
    """Yield the lists and maps that have more elements than they may, those within messages of a list left out."""
    for field, value in message.ListFields():
        place = f"{above}{field.name}"
        if not field.is_repeated:
            if isinstance(value, Message):
                yield from _too_long(value, f"{place}.")
            continue
        items, pairs = _limits(field)
        if items and len(value) > items:
            yield Violation(place, f"must contain no more than {items} item(s)", "repeated.max_items")
        if pairs and len(value) > pairs:
            yield Violation(place, f"map must be at most {pairs} entries", "map.max_pairs")


def _limits(field: FieldDescriptor) -> tuple[int, int]:
    """Return the most elements that the contract allows a list, and a map; 0 where it says nothing."""
    options: Any = field.GetOptions()
    for option, rules in options.ListFields():
        # By name: the extension's own class lies within protovalidate's package.
        if option.full_name == "buf.validate.field":
            return rules.repeated.max_items, rules.map.max_pairs
    return 0, 0


def _path(violation: protovalidate.Violation) -> str:
    """The field as the caller would write it: `question.search.filter.all_of.operands[1].range`."""
    if violation.proto.field is None:
        return ""
    parts: list[str] = []
    for element in violation.proto.field.elements:
        name = element.field_name
        if element.subscript is not None:
            name += f"[{_subscript(element.subscript.value)}]"
        parts.append(name)
    return ".".join(parts)


def _subscript(value: object) -> str:
    return str(value) if not isinstance(value, str) or _NAME.fullmatch(value) else "…"
