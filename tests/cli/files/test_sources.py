"""Which documents were made from a folder, and whether their files are gone."""

import os
from pathlib import Path

import pytest

from groundwire_server.cli.files.holdings import Held
from groundwire_server.cli.files.sources import FolderSource, is_missing


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, beside which the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    return tmp_path.resolve() / "docs"


@pytest.mark.parametrize(
    ("given", "document_id", "source", "made"),
    [
        ("docs", "docs/a.md", "docs/a.md", True),
        ("docs/", "docs/deep/a%20b.md", "docs/deep/a b.md", True),
        ("docs", "docs/old.md", "docs/new.md", True),
        ("docs/../docs", "docs/a.md", "docs/a.md", True),
        (".", "docs/a.md", "docs/a.md", True),
        (".", "old.md", "new.md", False),
        (".", "remembered", "docs/a.md", True),
        ("docs", "remembered", "docs/a.md", True),
        ("docs", "remembered", "docs/b.md", False),
        ("docs", "crm-7", "docs/a.md", False),
        ("docs", "docs-old/a.md", "docs/a.md", False),
        ("docs", "docs/a.md", "docs-old/a.md", False),
        ("docs", "docs/a.md", "a.md", False),
        ("docs", "docs/up.md", "docs/../up.md", False),
        ("docs", "docs/nul.md", "docs/nul%00.md", False),
    ],
)
def test_a_document_was_made_from_a_folder_by_two_marks(
    docs: Path, given: str, document_id: str, source: str, *, made: bool
) -> None:
    stored_from = {"remembered": str(docs / "a.md")}
    folder = FolderSource(Path(given), lambda known: stored_from.get(known, ""))
    uri = f"{docs.parent.as_uri()}/{source.replace(' ', '%20')}"

    found = folder.made(Held(document_id, uri, 4))

    assert (found is not None) == made
    if found:
        assert found.path == str(docs.parent / source)


@pytest.mark.parametrize("uri", ["https://example.com/docs/a.md", "", "file:///docs/a.md", "file://host/docs/a.md"])
def test_a_source_elsewhere_is_not_of_the_folder(docs: Path, uri: str) -> None:
    assert FolderSource(Path("docs"), lambda _: "").made(Held("docs/a.md", uri, 4)) is None


def test_the_folder_may_be_a_link(docs: Path) -> None:
    (docs.parent / "link").symlink_to(docs)
    (docs / ".groundwireignore").write_text("drafts/")
    (docs / "drafts").mkdir()
    (docs / "drafts" / "a.md").write_text("text")
    folder = FolderSource(Path("link"), lambda _: "")

    made = folder.made(Held("link/drafts/a.md", (docs / "drafts" / "a.md").as_uri(), 4))

    assert made is not None
    assert folder.is_gone(made)
    assert made.why_gone == "is ignored"


def test_only_what_is_certainly_not_there_is_missing(docs: Path) -> None:
    (docs / "a.md").write_text("text")
    (docs / "broken.md").symlink_to("nowhere")
    (docs / "folder.md").mkdir()

    assert not is_missing(str(docs / "a.md"))
    assert not is_missing(str(docs / "broken.md"))
    assert not is_missing(str(docs / ("a" * 300)))  # too long a name to be looked at
    assert is_missing(str(docs / "folder.md"))
    assert is_missing(str(docs / "a.md" / "b.md"))
    assert is_missing(str(docs / "b.md"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_what_is_in_a_closed_folder_is_not_missing(docs: Path) -> None:
    (docs / "closed").mkdir(mode=0)

    assert not is_missing(str(docs / "closed" / "a.md"))
