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


_FEW: Final = 16
"""Lists of no more elements cost next to nothing to validate: they need no look at their limit."""


def violations_of(message: Message) -> tuple[Violation, ...]:
    """Return every field of the message that breaks one of its constraints; the values are not repeated.

    Lists are counted first, and where one is too long nothing else is looked at: a rule about the elements together,
    such as that their ids differ, takes the square of their number, and 20,000 elements exceed its budget.
    """
    return tuple(_too_long(message, "")) or tuple(
        Violation(_path(violation), violation.proto.message, violation.proto.rule_id)
        for violation in protovalidate.collect_violations(message)
    )


def _too_long(message: Message, above: str) -> Iterator[Violation]:
    """Yield the lists that have more elements than they may, those within messages of a list left out."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if isinstance(value, Message):
            yield from _too_long(value, f"{above}{field.name}.")
        elif len(value) > _FEW and (most := _max_items(field)) and len(value) > most:
            yield Violation(f"{above}{field.name}", f"must contain no more than {most} item(s)", "repeated.max_items")


def _max_items(field: FieldDescriptor) -> int:
    """Return the most elements that the contract allows a list; 0 where it says nothing."""
    # By name: the extension's own class lies within protovalidate's package.
    options: Any = field.GetOptions()
    return next(
        (
            rules.repeated.max_items
            for option, rules in options.ListFields()
            if option.full_name == "buf.validate.field"
        ),
        0,
    )


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
