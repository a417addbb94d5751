"""What is remembered of what a server has stored."""

from pathlib import Path

import pytest

from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files.entries import Given, Readable, Stamp, Unchanged
from groundwire_server.cli.files.memory import Memory
from tests.cli.files.samples import only


@pytest.mark.parametrize("torn", ['{"document_id": "b", "dig', "[]", "{}", '"text"', "\x00\x01", '{"stamp": 1}'])
def test_a_torn_line_is_passed_over(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "memory.jsonl"
    document = tmp_path / "a.md"
    document.write_text("text")
    readable = only(document)
    assert isinstance(readable, Readable)
    result = IngestDocumentsResponse(document_id=readable.document.document_id, content_hash="one")
    memory = Memory(path, Given(), lambda _: "one")
    memory.load()
    memory.confirm(readable, result)
    with path.open("a") as file:
        file.write(torn)

    again = Memory(path, Given(), lambda _: "one")
    again.load()

    assert again.same(readable) is not None
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_remembered_does_not_grow_with_every_run(tmp_path: Path) -> None:
    path = tmp_path / "memory.jsonl"
    memory = Memory(path, Given(), lambda _: "one")
    memory.load()
    for name in ("a", "b"):
        result = IngestDocumentsResponse(document_id=name, content_hash="one", chunk_count=3)
        for _ in range(600):
            memory.confirm(Readable(Document(document_id=name, text=name)), result)

    again = Memory(path, Given(), lambda _: "one")
    again.load()

    assert len(path.read_text().splitlines()) == 2
    assert again.same(Readable(Document(document_id="a", text="a"))) == Unchanged("a", 3)
    assert list(tmp_path.iterdir()) == [path]


def test_a_document_that_follows_another_of_its_id_is_sent(tmp_path: Path) -> None:
    old, new = (Readable(Document(document_id="a", text=text)) for text in ("old", "new"))
    memory = Memory(tmp_path / "memory.jsonl", Given(), lambda _: "of old")
    memory.load()
    memory.confirm(old, IngestDocumentsResponse(document_id="a", content_hash="of old"))

    assert memory.same(old) is not None
    assert memory.same(new) is None
    assert memory.same(old) is None


def test_the_documents_of_a_file_are_known_by_its_path(tmp_path: Path) -> None:
    here, there = (Stamp(f"/docs/{name}.md", 4, 1, 1) for name in ("here", "there"))
    memory = Memory(tmp_path / "memory.jsonl", Given(), lambda _: "one")
    memory.load()
    for document_id, stamp in (("a", here), ("b", here), ("a", there)):
        result = IngestDocumentsResponse(document_id=document_id, content_hash="one")
        memory.confirm(Readable(Document(document_id=document_id), stamp), result)
    again = Memory(tmp_path / "memory.jsonl", Given(), lambda _: "one")
    again.load()
    again.forget()

    for known in (memory, again):
        assert known.ids_from(here.path) == ["b"]
        assert known.ids_from(there.path) == ["a"]
        assert known.stored_from("a") == there.path
        assert known.stored_from("c") == ""
    assert again.unchanged("a", there) is None
