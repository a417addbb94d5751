"""`groundwire documents export`."""
# ruff: noqa: N802 - gRPC names methods like the contract does

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundwire.v1 import document_service_pb2 as documents
from groundwire.v1.document_pb2 import Document, DocumentInfo, TextFormat
from groundwire.v1.filter_pb2 import MetadataValue, StringList
from groundwire_server.cli.documents import listing
from groundwire_server.cli.documents.filters import filter_of
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService, serving

Command = Callable[..., Ran]

WHOLE = Document(
    document_id="docs/a.md",
    title="A title, “quoted”",
    source_uri="https://example.com/a?b=c#d",
    text='One line.\r\n"Another"\u2028\x85 \N{SLIGHTLY SMILING FACE}\n',
    metadata={
        "team": MetadataValue(string_value="hr"),
        "year": MetadataValue(number_value=2026.5),
        "draft": MetadataValue(bool_value=False),
        "tags": MetadataValue(list_value=StringList(values=["x", "y z"])),
        "none": MetadataValue(list_value=StringList()),
    },
    allowed_principals=["hr", "staff"],
    text_format=TextFormat.TEXT_FORMAT_MARKDOWN,
)


class Moving(FakeService):
    """A corpus in which one document changes and another is deleted after they were listed."""

    def ListDocuments(self, request: documents.ListDocumentsRequest, context: Any) -> documents.ListDocumentsResponse:
        response = super().ListDocuments(request, context)
        for each in response.documents:
            each.revision = 1
        return response

    def GetDocument(self, request: documents.GetDocumentRequest, context: Any) -> documents.GetDocumentResponse:
        self.stored.pop("gone", None)
        response = super().GetDocument(request, context)
        response.document.revision = 2 if request.document_id == "changed" else 1
        return response


@pytest.fixture
def moving() -> Iterator[tuple[Moving, str]]:
    service = Moving()
    with serving(service) as address:
        yield service, address


def lines(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.split("\n") if line]


def test_every_field_of_a_document_is_in_its_description_or_is_its_text() -> None:
    fields, described = (
        {field.name: field.type for field in message.DESCRIPTOR.fields} for message in (Document, DocumentInfo)
    )

    assert fields.pop("text")
    assert fields.items() <= described.items()


def test_what_is_exported_is_ingested_as_it_was(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    plain = Document(document_id="b", text="Plain.", allowed_principals=["*"])
    service.stored = {each.document_id: each for each in (WHOLE, plain)}
    file = tmp_path / "documents.jsonl"

    exported = groundwire_command("documents", "export", "--output", str(file), "--server", address)
    other = FakeService()
    with serving(other) as elsewhere:
        ingested = groundwire_command("ingest", str(file), "--server", elsewhere)

    assert (exported.code, exported.out, exported.err) == (0, "", "2 documents exported\n")
    assert ingested.code == 0
    assert other.stored == service.stored
    assert file.stat().st_mode & 0o077 == 0


def test_every_page_is_exported(groundwire_command: Command, service: FakeService, address: str) -> None:
    names = [f"d{number:04}" for number in range(listing.PAGE + 1)]
    service.stored = {name: Document(document_id=name, text=name) for name in names}

    ran = groundwire_command("documents", "export", "--server", address)

    assert [line["documentId"] for line in lines(ran.out)] == names
    assert ran.err == f"{len(names)} documents exported\n"


def test_a_filter_and_principals_say_which(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.stored = {"a": Document(document_id="a", text="A.")}

    groundwire_command("documents", "export", "--filter", "team=hr", "--principal", "staff", "--server", address)

    (listed,) = [call for call in service.calls if call.method == "ListDocuments"]
    assert listed.request.filter == filter_of(["team=hr"])
    assert {call.metadata["groundwire-principals"] for call in service.calls} == {"staff"}


def test_what_changes_meanwhile_is_said(groundwire_command: Command, moving: tuple[Moving, str]) -> None:
    service, address = moving
    service.stored = {name: Document(document_id=name, text=name) for name in ("as-it-was", "changed", "gone")}

    ran = groundwire_command("documents", "export", "--server", address)

    assert ran.code == 0
    assert [line["documentId"] for line in lines(ran.out)] == ["as-it-was", "changed"]
    assert ran.err.splitlines() == [
        "2 documents exported",
        "1 document changed after being listed, and exported as read",
        "1 document not exported: deleted, or no longer visible, after being listed",
        "the corpus changed during the export, which is not of one moment: export again if that matters",
    ]


def test_a_file_is_replaced_when_told_and_only_as_a_whole(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    service.stored = {"a": Document(document_id="a", text="A.")}
    file = tmp_path / "documents.jsonl"
    file.write_text("mine")
    export = ("documents", "export", "--output", str(file), "--server")

    unsaid = groundwire_command(*export, address)
    failed = groundwire_command(*export, "127.0.0.1:1", "--force")
    kept = file.read_text()
    said = groundwire_command(*export, address, "--force")

    assert (unsaid.code, "--force" in unsaid.err) == (2, True)
    assert (failed.code, kept) == (3, "mine")
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert (said.code, lines(file.read_text())) == (0, [{"documentId": "a", "text": "A."}])


def test_a_file_that_cannot_be_written_is_named(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("documents", "export", "--output", "/nowhere/documents.jsonl", "--server", address)

    assert ran.code == 4
    assert "/nowhere/documents.jsonl cannot be written: No such file or directory" in ran.err
    assert ran.err.count("\n") == 1
