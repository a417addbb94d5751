"""Printing one document."""

import sys
from collections.abc import Iterator

from google.protobuf import json_format
from rich.text import Text

from groundwire.v1.document_pb2 import DocumentInfo
from groundwire.v1.document_service_pb2 import GetDocumentResponse
from groundwire.v1.filter_pb2 import MetadataValue
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.sizes import size

_LABEL = 10


def describe(document: DocumentInfo) -> None:
    """Print the description of a document, one fact a line."""
    console = Terminal()
    console.hang(Text(), Text(document.document_id, style="bold"))
    for label, said in _facts(document):
        console.hang(Text(f"{label:<{_LABEL}}", style="dim"), Text(one_line(said)))


def print_text(found: GetDocumentResponse) -> None:
    """Print a document's text: unchanged into a file or pipe, without control characters on a terminal."""
    text = printable(found.text) if sys.stdout.isatty() else found.text
    sys.stdout.write(text if text.endswith("\n") or not sys.stdout.isatty() else text + "\n")


def print_json(found: GetDocumentResponse) -> None:
    """Print the reply, as the contract maps it to JSON."""
    print(json_format.MessageToJson(found))


def _facts(document: DocumentInfo) -> Iterator[tuple[str, str]]:
    if document.title:
        yield "title", document.title
    if document.source_uri:
        yield "source", document.source_uri
    yield "seen by", _readers(document)
    for key in sorted(document.metadata):
        yield "metadata", f"{key} = {_value(document.metadata[key])}"
    yield "revision", f"{document.revision}, stored {document.update_time.ToDatetime():%Y-%m-%d %H:%M:%S} UTC"
    yield "text", size(document.size_bytes)
    yield "passages", str(document.chunk_count)
    yield "hash", document.content_hash


def _readers(document: DocumentInfo) -> str:
    principals = sorted(document.allowed_principals)
    if "*" in principals:
        return "everybody in the tenant"
    return ", ".join(principals) or "nobody"


def _value(value: MetadataValue) -> str:
    kind = value.WhichOneof("kind")
    if kind is None:
        return "nothing"
    mapped = json_format.MessageToDict(value)
    return str(next(iter(mapped.values())))
