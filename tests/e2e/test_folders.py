"""A folder is ingested, renamed in, pruned and verified against a real server."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.calls import ingest, open_document
from tests.e2e.conftest import Serve
from tests.e2e.test_command import command

# Of several scripts, with a form feed, without a last newline: what is read back has to be the same text.
TEXTS = {
    "mail.md": "# Mail\n\nParcels wait in the mail room.\n",
    "keys.txt": "Keys: Schlüssel, 鍵\f\r\nCaretaker\u2028Ende",
    "deep/bikes.md": "# Bicycles\n\n| what | where |\n|---|---|\n| bicycles | yard |\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, beside which the command runs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name, text in TEXTS.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path / "docs"


@pytest.mark.parametrize("remembered", [True, False])
async def test_a_folder_and_its_documents_stay_the_same(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch, *, remembered: bool
) -> None:
    def another_computer() -> None:
        if not remembered:
            monkeypatch.setenv("XDG_STATE_HOME", str(folder.parent / f"state{len(list(folder.parent.iterdir()))}"))

    async with serve() as product:

        async def run(*arguments: str) -> tuple[int, Any]:
            code, out, err = await command(*arguments, "--server", product.address, "--tenant", "acme", "--json")
            return code, json.loads(out) if out else err

        await ingest(product, open_document("crm-7", "Somebody else's document."))
        stored = await run("ingest", "docs", "--principal", "staff")
        verified = await run("corpus", "verify", "docs", "--principal", "staff")
        unseen = await run("corpus", "verify", "docs")

        another_computer()
        (folder / "mail.md").rename(folder / "deep" / "post.md")
        (folder / "keys.txt").unlink()
        (folder / "deep" / "bikes.md").write_text("# Bicycles\n\nBicycles stand in the yard.\n")
        differing = await run("corpus", "verify", "docs", "--principal", "staff")
        changed = await run("ingest", "docs", "--principal", "staff", "--prune", "--yes")

        another_computer()
        again = await run("ingest", "docs", "--principal", "staff", "--prune", "--yes")
        at_last = await run("corpus", "verify", "docs", "--principal", "staff")
        found = await run("retrieve", "Where do parcels wait?", "--principal", "staff")
        _, out, _ = await command(
            "documents", "list", "--server", product.address, "--tenant", "acme", "--principal", "staff"
        )

    assert (stored[0], stored[1]["created"]) == (0, 3)
    assert (verified[0], verified[1]["differences"]) == (0, [])
    assert [each["kind"] for each in unseen[1]["differences"]] == ["missing"] * 3
    assert [(each["kind"], each["name"]) for each in differing[1]["differences"]] == [
        ("drift", "docs/deep/bikes.md"),
        ("drift", "docs/mail.md"),
        ("extra", "docs/keys.txt"),
    ]
    assert (changed[0], changed[1]["updated"], changed[1]["removed"]) == (0, 2, ["docs/keys.txt"])
    assert [each["documentId"] for each in changed[1]["renamed"]] == ["docs/mail.md"]
    assert (again[0], again[1]["unchanged"], again[1]["renamed"], again[1]["removed"]) == (0, 2, [], [])
    assert (at_last[0], at_last[1]["same"]) == (0, 2)
    assert found[1]["passages"][0]["documentId"] == "docs/mail.md"
    assert found[1]["passages"][0]["sourceUri"] == (folder / "deep" / "post.md").as_uri()
    assert [line.split("\t")[0] for line in out.splitlines()] == ["crm-7", "docs/deep/bikes.md", "docs/mail.md"]
