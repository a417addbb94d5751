"""What protovalidate has to say about a message."""

import re
from typing import Final

import protovalidate
from google.protobuf.message import Message

from groundwire_server.domain.failure import Violation

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""The keys of maps that are shown; any other may hold a text."""


def first_violation(message: Message) -> Violation | None:
    """Return the first violation of the contract's constraints that is found; None for a valid message."""
    for violation in protovalidate.collect_violations(message, fail_fast=True):
        return _violation(violation)
    return None


def violations_of(message: Message) -> tuple[Violation, ...]:
    """Return every field of the message that breaks one of its constraints; the values are not repeated."""
    return tuple(map(_violation, protovalidate.collect_violations(message)))


def _violation(violation: protovalidate.Violation) -> Violation:
    return Violation(_path(violation), violation.proto.message, violation.proto.rule_id)


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
