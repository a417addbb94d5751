"""Metadata values, both ways."""

from collections.abc import Mapping

from google.protobuf.internal.containers import MessageMap

from groundwire.v1 import filter_pb2
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.quarantine import RESERVED_KEYS


def from_pb(entries: Mapping[str, filter_pb2.MetadataValue]) -> dict[str, MetadataValue]:
    """Read a document's metadata."""
    return {key: value_from_pb(value) for key, value in entries.items()}


def value_from_pb(value: filter_pb2.MetadataValue) -> MetadataValue:
    """Read one value; which kind is set was checked by validation."""
    match value.WhichOneof("kind"):
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return tuple(value.list_value.values)
        case _:
            return value.string_value


def fill(entries: "MessageMap[str, filter_pb2.MetadataValue]", metadata: Mapping[str, MetadataValue]) -> None:
    """Write metadata into a message's map, without what tells the state of a document."""
    for key, value in metadata.items():
        if key in RESERVED_KEYS:
            continue
        fill_value(entries[key], value)


def fill_value(message: filter_pb2.MetadataValue, value: MetadataValue) -> None:
    """Write one value into a message."""
    match value:
        case bool():
            message.bool_value = value
        case str():
            message.string_value = value
        case tuple():
            message.list_value.values.extend(value)
        case _:
            message.number_value = value
