"""The limits of a document that its single fields do not have."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from groundwire_server.corpus.checks import ACCESS_LIMIT, METADATA_LIMIT, check_document
from groundwire_server.domain.document import TEXT_LIMIT, Document
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.metadata import MetadataValue

DOCUMENT = Document("normans", "Rollo swore fealty.", "Normans")


def rules(document: Document) -> Iterator[tuple[str, str]]:
    """The fields that break a limit, each with its rule."""
    try:
        check_document(document)
    except Rejection as rejection:
        for violation in rejection.violations:
            yield violation.field, violation.rule


@pytest.mark.parametrize("text", ["", " \n\t", "\x00\x01\x7f", "\u200b\ufeff \u00a0"])
def test_a_text_of_nothing_visible_is_refused(text: str) -> None:
    assert list(rules(replace(DOCUMENT, text=text))) == [("document.text", "document.text.blank")]


@pytest.mark.parametrize("text", ["🙂", "שלום", "x", "\x00a"])
def test_a_text_of_anything_visible_is_taken(text: str) -> None:
    assert list(rules(replace(DOCUMENT, text=text))) == []


@pytest.mark.parametrize("text", ["x" * TEXT_LIMIT, "ö" * (TEXT_LIMIT // 2)])
def test_a_text_is_bounded_in_bytes(text: str) -> None:
    assert list(rules(replace(DOCUMENT, text=text))) == []
    assert list(rules(replace(DOCUMENT, text=text + "x"))) == [("document.text", "document.text.size")]


@pytest.mark.parametrize(
    "metadata",
    [
        {"k": "x" * (METADATA_LIMIT - 1)},
        {"k": "ö" * ((METADATA_LIMIT - 1) // 2)},
        {"k": ("x" * 8000, "y" * (METADATA_LIMIT - 8001))},
        {f"k{number:04}": 1.0 for number in range(1260)},
    ],
)
def test_metadata_are_bounded_in_all(metadata: dict[str, MetadataValue]) -> None:
    assert list(rules(replace(DOCUMENT, metadata=metadata))) == []
    more = metadata | {"more": "than there is room for"}
    assert list(rules(replace(DOCUMENT, metadata=more))) == [("document.metadata", "document.metadata.size")]


@pytest.mark.parametrize("letter", ["x", "🙂"])
def test_an_access_list_is_bounded_in_all(letter: str) -> None:
    padding = letter * (252 // len(letter.encode()))
    allowed = frozenset(f"{number:04}{padding}" for number in range(ACCESS_LIMIT // 256))
    assert list(rules(replace(DOCUMENT, allowed_principals=allowed))) == []
    more = allowed | {"x"}
    rule = ("document.allowed_principals", "document.allowed_principals.size")
    assert list(rules(replace(DOCUMENT, allowed_principals=more))) == [rule]


def test_every_broken_limit_is_named() -> None:
    broken = Document("d", "", metadata={"k": "x" * METADATA_LIMIT})
    assert [field for field, _ in rules(broken)] == ["document.text", "document.metadata"]
