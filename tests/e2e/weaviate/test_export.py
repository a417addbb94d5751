"""Documents on their way from one store to another and back, through the API alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from groundwire.v1 import document_pb2, document_service_pb2
from groundwire.v1.filter_pb2 import MetadataValue, StringList
from groundwire_server.cli.main import run
from tests.contract.stores import weaviate_options
from tests.doubles.weaviate.server import FakeWeaviate
from tests.e2e.conftest import Product, serving
from tests.e2e.weaviate.conftest import Backing

METADATA = {
    "team": MetadataValue(string_value="hr é"),
    "year": MetadataValue(number_value=2026.5),
    "draft": MetadataValue(bool_value=False),
    "tags": MetadataValue(list_value=StringList(values=["x", "y z"])),
    "none": MetadataValue(list_value=StringList()),
}
TEXT = '# Parcels\r\n\r\nThey "wait" in the mail room.\u2028\n' + "Letters fly \N{SLIGHTLY SMILING FACE}. " * 300
DOCUMENTS = [
    document_pb2.Document(
        document_id="docs/parcels.md",
        title="Parcels, “quoted”",
        source_uri="file:///docs/parcels.md",
        text=TEXT,
        metadata=METADATA,
        text_format=document_pb2.TEXT_FORMAT_MARKDOWN,
        allowed_principals=["hr", "staff"],
    ),
    document_pb2.Document(document_id="plain", text="Nothing but a text.", allowed_principals=["*"]),
    document_pb2.Document(document_id="secret", text="Of others alone.", allowed_principals=["board"]),
]


async def command(*arguments: str) -> int:
    return await asyncio.to_thread(run, arguments)


async def documents(product: Product) -> dict[str, Any]:
    """What a caller with all principals reads, without what is a store's own."""
    metadata = (("groundwire-tenant", "acme"), ("groundwire-principals", "staff,board"))
    listed = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=metadata)
    found = {}
    for info in listed.documents:
        request = document_service_pb2.GetDocumentRequest(document_id=info.document_id, include_text=True)
        response = await product.documents.GetDocument(request, metadata=metadata)
        response.document.ClearField("update_time")
        found[info.document_id] = response
    return found


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GROUNDWIRE_TENANT", "acme")


async def test_a_corpus_goes_through_another_store_and_is_the_same(
    backed: Backing, double: FakeWeaviate, tmp_path: Path
) -> None:
    there, back = str(tmp_path / "there.jsonl"), str(tmp_path / "back.jsonl")
    export = ("documents", "export", "--principal", "staff", "--output")
    async with serving(tmp_path / "first")() as embedded:
        for document in DOCUMENTS:
            request = document_service_pb2.PutDocumentRequest(document=document)
            await embedded.documents.PutDocument(request, metadata=(("groundwire-tenant", "acme"),))
        before = await documents(embedded)
        assert await command(*export, there, "--server", embedded.address) == 0
    async with backed(weaviate_options(double)) as weaviate:
        assert await command("ingest", there, "--server", weaviate.address) == 0
        between = await documents(weaviate)
        assert await command(*export, back, "--server", weaviate.address) == 0
    async with serving(tmp_path / "second")() as embedded:
        assert await command("ingest", back, "--server", embedded.address) == 0
        after = await documents(embedded)

    assert before.keys() == {"docs/parcels.md", "plain", "secret"}
    # What the caller that exports may not see is nowhere.
    assert before.pop("secret").text
    assert between == before
    assert after == before
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "back.jsonl").read_bytes()
    assert "secret" not in (tmp_path / "there.jsonl").read_text()
