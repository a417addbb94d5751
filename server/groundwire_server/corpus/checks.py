"""Limits of a document that the contract's rules on single fields cannot express, and the largest text."""

import re
from collections.abc import Iterator
from typing import Final

from groundwire_server.domain.document import TEXT_LIMIT, Document
from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.metadata import Metadata, MetadataValue
from groundwire_server.domain.quarantine import RESERVED_PRINCIPAL
from groundwire_server.domain.vocabulary import Reason

METADATA_LIMIT: Final = 16 * 1024
"""The most bytes of a document's metadata: every list and every filter reads all of it. The contract states it."""

ACCESS_LIMIT: Final = 64 * 1024
"""The most bytes of a document's access list, which is read with it. The contract states it."""

_NUMBER_BYTES: Final = 8
_VISIBLE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]")


def check_document(document: Document) -> None:
    """Hold a document to its limits.

    Raises:
        Rejection: INVALID_REQUEST with every field that breaks one.
    """
    violations = tuple(_violations(document))
    if violations:
        raise Rejection(Reason.INVALID_REQUEST, violations=violations)


def is_blank(text: str) -> bool:
    """Return whether a text has nothing but white space and characters that are not seen."""
    return _VISIBLE.search(text) is None


def _violations(document: Document) -> Iterator[Violation]:
    if is_blank(document.text):
        said = "must hold more than white space and control characters"
        yield Violation("document.text", said, "document.text.blank")
    if _bytes(document.text) > TEXT_LIMIT:
        yield Violation("document.text", f"must be at most {TEXT_LIMIT} bytes", "document.text.size")
    if _size(document.metadata) > METADATA_LIMIT:
        said = f"must be at most {METADATA_LIMIT} bytes in all, keys and values"
        yield Violation("document.metadata", said, "document.metadata.size")
    if sum(map(_bytes, document.allowed_principals)) > ACCESS_LIMIT:
        said = f"must be at most {ACCESS_LIMIT} bytes in all"
        yield Violation("document.allowed_principals", said, "document.allowed_principals.size")
    if any(principal.startswith(RESERVED_PRINCIPAL) for principal in document.allowed_principals):
        said = "must not begin with the control character U+001F, which no caller's principals have"
        yield Violation("document.allowed_principals", said, "document.allowed_principals.reserved")


def _size(metadata: Metadata) -> int:
    return sum(_bytes(key) + _bytes(value) for key, value in metadata.items())


def _bytes(value: MetadataValue) -> int:
    match value:
        case str():
            return len(value.encode("utf-8", "surrogatepass"))
        case tuple():
            return sum(map(_bytes, value))
        case _:
            return _NUMBER_BYTES
