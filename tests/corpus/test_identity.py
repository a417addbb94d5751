import json
import uuid
from dataclasses import replace

import pytest

from groundwire_server.corpus.identity import chunk_id, content_hash
from groundwire_server.domain.document import Document

DOCUMENT = Document("d", "text", "title", "uri", {"a": 1.0, "b": ("x", "y"), "c": True}, frozenset({"p", "q"}))


def test_a_chunk_has_the_same_id_each_time() -> None:
    assert chunk_id("t", "d", 0, "text") == chunk_id("t", "d", 0, "text")
    assert uuid.UUID(chunk_id("t", "d", 0, "text")).version == 5


@pytest.mark.parametrize("text", [str(number) for number in range(20)])
def test_a_chunk_is_named_as_the_standard_names_things(text: str) -> None:
    namespace = uuid.UUID("5b0f7e6c-2d0c-5a5e-9a3f-5f6d2a1c7e44")
    assert chunk_id("t", "d", 0, text) == str(uuid.uuid5(namespace, json.dumps(["t", "d", 0, text])))


def test_anything_else_is_another_chunk() -> None:
    ids = {
        chunk_id(*place)
        for place in [("t", "d", 0, "text"), ("u", "d", 0, "text"), ("t", "e", 0, "text"), ("t", "d", 1, "text"),
                      ("t", "d", 0, "texts"), ("td", "", 0, "text"), ('t", "d', "", 0, "text")]
    }  # fmt: skip
    assert len(ids) == 7


def test_the_order_of_metadata_and_principals_does_not_count() -> None:
    other = replace(
        DOCUMENT, metadata=dict(reversed(list(DOCUMENT.metadata.items()))), allowed_principals=frozenset("qp")
    )
    assert content_hash(DOCUMENT, "m", "s") == content_hash(other, "m", "s")
    assert len(content_hash(DOCUMENT, "m", "s")) == 64


def test_the_document_id_does_not_count() -> None:
    assert content_hash(DOCUMENT, "m", "s") == content_hash(replace(DOCUMENT, document_id="e"), "m", "s")


@pytest.mark.parametrize(
    "other",
    [
        replace(DOCUMENT, text="Text"),
        replace(DOCUMENT, title=""),
        replace(DOCUMENT, source_uri=""),
        replace(DOCUMENT, metadata={**DOCUMENT.metadata, "c": 1.0}),
        replace(DOCUMENT, metadata={**DOCUMENT.metadata, "a": "1.0"}),
        replace(DOCUMENT, metadata={**DOCUMENT.metadata, "b": ("y", "x")}),
        replace(DOCUMENT, allowed_principals=frozenset({"p"})),
        replace(DOCUMENT, title="titleuri", source_uri=""),
    ],
)
def test_everything_else_does(other: Document) -> None:
    assert content_hash(DOCUMENT, "m", "s") != content_hash(other, "m", "s")


def test_so_do_the_model_and_the_way_of_cutting() -> None:
    hashes = {content_hash(DOCUMENT, "m", "s"), content_hash(DOCUMENT, "n", "s"), content_hash(DOCUMENT, "m", "r")}
    assert len(hashes) == 3
