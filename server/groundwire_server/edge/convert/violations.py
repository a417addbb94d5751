"""What protovalidate has to say about a message."""

import protovalidate
from google.protobuf.message import Message

from groundwire_server.domain.failure import Violation

_KEY_SHOWN = 64


def violations_of(message: Message) -> tuple[Violation, ...]:
    """Return every field of the message that breaks one of its constraints; the values are not repeated."""
    return tuple(
        Violation(_path(violation), violation.proto.message, violation.proto.rule_id)
        for violation in protovalidate.collect_violations(message)
    )


def _path(violation: protovalidate.Violation) -> str:
    """The field as the caller would write it: `question.search.filter.all_of.operands[1].range`."""
    if violation.proto.field is None:
        return ""
    parts: list[str] = []
    for element in violation.proto.field.elements:
        name = element.field_name
        if element.subscript is not None:
            name += f"[{str(element.subscript.value)[:_KEY_SHOWN]}]"
        parts.append(name)
    return ".".join(parts)
