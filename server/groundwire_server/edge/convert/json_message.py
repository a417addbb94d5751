"""Messages as JSON, as the Connect protocol and server-sent events have them."""

import re
from typing import Any, Final

import jiter
from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import Message

from groundwire_server.domain.failure import GroundwireError

_PLACE: Final = re.compile(r" at line \d+ column \d+$")
_FIELD: Final = re.compile(r"Failed to parse (\w+) field: ")


class MalformedJsonError(GroundwireError):
    """A text is not the JSON of a message. It holds no part of the text.

    Attributes:
        field: the path of the field that is wrong; empty where the text is not JSON at all.
        description: what it must be.
    """

    def __init__(self, field: str, description: str) -> None:
        super().__init__(description)
        self.field = field
        self.description = description


def message_from_json(text: bytes, message: Message) -> None:
    """Fill a message. Fields that it does not have are ignored, as newer clients may send them.

    Args:
        text: JSON in UTF-8.
        message: an empty one.

    Raises:
        MalformedJsonError: when the text is not JSON of this message.
    """
    try:
        # In place of `json_format.Parse`: three times as fast, and it says where without showing what.
        values = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as wrong:
        place = _PLACE.search(str(wrong))
        raise MalformedJsonError("", f"must be JSON; there is an error{place[0] if place else ''}") from None
    name = message.DESCRIPTOR.full_name
    if not isinstance(values, dict):
        raise MalformedJsonError("", f"must be a JSON object, a {name}")
    try:
        ParseDict(values, message, ignore_unknown_fields=True)
    except ParseError as wrong:
        field = _path(message.DESCRIPTOR, _FIELD.findall(str(wrong)))
        raise MalformedJsonError(field, f"must be what the contract says, as JSON of {name}") from None
    except (TypeError, ValueError, AttributeError, RecursionError):
        # What `ParseDict` does not expect of some values, such as a number in place of an object.
        raise MalformedJsonError("", f"must be JSON of {name}") from None


def json_of(message: Message) -> str:
    """Return a message as JSON in one line."""
    text: str = MessageToJson(message, indent=None, ensure_ascii=False)
    return text


def _path(descriptor: Any, names: list[Any]) -> str:
    """Return the path of a field; only names of the contract become a part of it."""
    path: list[str] = []
    within: Any = descriptor
    for name in names:
        if within is None:
            break
        field = within.fields_by_camelcase_name.get(name) or within.fields_by_name.get(name)
        if field is None:
            break
        path.append(field.name)
        within = field.message_type
    return ".".join(path)
