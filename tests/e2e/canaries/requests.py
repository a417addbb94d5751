"""Requests of every RPC with a canary in every field that holds text, made from the contract's descriptors."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.doubles.canaries import Canaries
from tests.e2e.methods import METHODS, Method

Text: TypeAlias = Callable[[FieldDescriptor, str], str]
"""Returns what is written into a field, by the field and its place in the request."""

_TEXTS = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
_NUMBERS = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)
_LOOKED_UP = frozenset({"route", "page_token"})
"""Fields that name what there must be: with another word in them nothing else is looked at."""
_LONG = 300


@dataclass(frozen=True)
class Probe:
    """A request with canaries in its fields."""

    method: Method
    name: str
    request: Message


def probes(canaries: Canaries) -> Iterator[Probe]:
    """Yield requests: for each field of each RPC's, one that holds it and breaks no rule, and three that may."""
    for method in METHODS:
        for path in _paths(method.descriptor.input_type, ()):
            name = f"{method.name} {'.'.join(path)}"
            yield Probe(method, name, _valid(method, path, canaries, name))
            yield Probe(method, f"{name} by word", _request(method, path, _words(canaries), f"{name} by word"))
            yield Probe(method, f"{name} by text", _request(method, path, _escapes(canaries), f"{name} by text"))
            yield Probe(method, f"{name} too long", _request(method, path, _too_long(canaries), f"{name} too long"))


def fields_of_requests() -> set[str]:
    """Return the full names of all fields that hold text in the requests of the contract."""
    found: set[str] = set()
    waiting = [method.descriptor.input_type for method in METHODS]
    known: set[str] = set()
    while waiting:
        message = waiting.pop()
        if message.full_name in known or _foreign(message):
            continue
        known.add(message.full_name)
        found |= {field.full_name for field in message.fields if field.type in _TEXTS}
        waiting += [field.message_type for field in message.fields if field.message_type is not None]
    return found


def fields_with(message: Message) -> set[str]:
    """Return the full names of the fields that hold text in a message."""
    found: set[str] = set()
    for field, value in message.ListFields():
        if field.type in _TEXTS:
            found.add(field.full_name)
        elif _is_map(field):
            found |= {each.full_name for each in _fields(field.message_type) if each.type in _TEXTS and value}
            for inner in value.values():
                found |= fields_with(inner) if isinstance(inner, Message) else set()
        elif field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                found |= fields_with(inner)
    return found


def _paths(
    message: Descriptor, above: tuple[str, ...], seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, ...]]:
    """Yield the paths to fields that hold text; a message that holds its own kind is entered once."""
    for field in message.fields:
        if field.type in _TEXTS:
            yield (*above, field.name)
            continue
        inner = field.message_type
        if inner is not None and inner.full_name not in seen | {message.full_name} and not _foreign(inner):
            yield from _paths(inner, (*above, field.name), seen | {message.full_name})


def _valid(method: Method, path: tuple[str, ...], canaries: Canaries, name: str) -> Message:
    """Return a request that breaks no rule, if there is one with a canary in the field."""
    escapes = _escapes(canaries)
    refused = {
        violation.proto.field.elements[-1].field_name
        for violation in protovalidate.collect_violations(_request(method, path, escapes, name))
        if violation.proto.field is not None and violation.proto.field.elements
    }

    def text(field: FieldDescriptor, place: str) -> str:
        if field.name in _LOOKED_UP and path[-1] != field.name:
            return ""
        # A map's keys are named by the map.
        plain = field.name in refused or _is_entry(field.containing_type)
        return canaries.word(place) if plain else escapes(field, place)

    return _request(method, path, text, name)


def _words(canaries: Canaries) -> Text:
    return lambda field, place: canaries.word(place)


def _escapes(canaries: Canaries) -> Text:
    return lambda field, place: canaries.text(place)


def _too_long(canaries: Canaries) -> Text:
    return lambda field, place: f"{canaries.word(place)} " * _LONG


def _request(method: Method, path: tuple[str, ...], text: Text, name: str) -> Message:
    message: Message = GetMessageClass(method.descriptor.input_type)()
    _fill(message, path, text, name, frozenset())
    return message


def _fill(message: Message, path: tuple[str, ...], text: Text, name: str, above: frozenset[str]) -> None:
    """Write into every field that holds text; of alternatives, into the one that the path goes through."""
    descriptor = message.DESCRIPTOR
    above |= {descriptor.full_name}
    for field in _fields(descriptor):
        place = f"{name}: {field.full_name}"
        on_path = bool(path) and path[0] == field.name
        if not on_path and not _chosen(field, path):
            continue
        if field.message_type is not None:
            if _foreign(field.message_type) or field.message_type.full_name in above:
                continue
            rest = path[1:] if on_path else ()
            if _is_map(field):
                _fill_map(getattr(message, field.name), field.message_type, rest, text, place, above)
            else:
                inner = getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)
                inner.SetInParent()
                _fill(inner, rest, text, name, above)
        elif field.type in _TEXTS:
            written = text(field, place)
            value: object = written.encode() if field.type == FieldDescriptor.TYPE_BYTES else written
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif field.type == FieldDescriptor.TYPE_ENUM and not field.is_repeated:
            setattr(message, field.name, 1)
        elif field.type in _NUMBERS:
            setattr(message, field.name, 1.0)


def _fill_map(
    entries: MutableMapping[str, Any],
    entry: Descriptor,
    path: tuple[str, ...],
    text: Text,
    name: str,
    above: frozenset[str],
) -> None:
    of_key, of_value = (entry.fields_by_name[each] for each in ("key", "value"))
    key = text(of_key, f"{name}: key")
    if of_value.message_type is None:
        entries[key] = text(of_value, f"{name}: value")
    else:
        _fill(entries[key], path[1:], text, name, above)


def _chosen(field: FieldDescriptor, path: tuple[str, ...]) -> bool:
    """Whether a field that the path does not go through is written: not if it would replace one that it does."""
    choice = field.containing_oneof
    if choice is None or len(choice.fields) == 1:
        return True
    alternatives = [each.name for each in choice.fields]
    return alternatives[0] == field.name and not (path and path[0] in alternatives)


def _is_map(field: FieldDescriptor) -> bool:
    return _is_entry(field.message_type)


def _is_entry(message: Descriptor | None) -> bool:
    """Whether a message is an entry of a map."""
    return message is not None and bool(message.GetOptions().map_entry)


def _fields(message: Any) -> Sequence[FieldDescriptor]:
    """The fields of a message's descriptor, whose own types are those of its implementation."""
    found: Sequence[FieldDescriptor] = message.fields
    return found


def _foreign(message: Descriptor) -> bool:
    return message.full_name.startswith("google.protobuf.")
