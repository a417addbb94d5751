"""Which reader reads which file."""

import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from groundwire_server.cli.files.readers import registry
from groundwire_server.cli.files.readers.port import FileContents


def read_slides(content: bytes, name: str) -> FileContents:
    """A reader of another package."""
    return FileContents(f"{name}: {content.decode()}")


@pytest.fixture
def slides(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    added = EntryPoint("pptx", "tests.cli.files.readers.test_registry:read_slides", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [added] if group == registry.GROUP else [])
    registry.suffixes.cache_clear()
    registry._added.cache_clear()
    yield
    registry.suffixes.cache_clear()
    registry._added.cache_clear()


@pytest.mark.usefixtures("slides")
def test_another_package_adds_a_reader_by_an_entry_point() -> None:
    assert ".pptx" in registry.suffixes()
    assert not registry.needs_extra(".pptx")
    assert registry.reader_of(".pptx")(b"text", "a.pptx").text == "a.pptx: text"


@pytest.mark.parametrize("suffix", sorted(registry.suffixes()))
def test_every_suffix_has_a_reader(suffix: str) -> None:
    assert callable(registry.reader_of(suffix))


def office(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("suffix", "content", "expected"),
    [
        ("", b"%PDF-1.7", ".pdf"),
        (".txt", b"\xef\xbb\xbf\n<!DOCTYPE html>", ".html"),
        ("", office("word/document.xml"), ".docx"),
        ("", office("xl/workbook.xml"), ".xlsx"),
        (".zip", office("a.txt"), ""),
        (".csv", b"%PDF-1.7", ".csv"),
        (".md", b"# Title", ".md"),
    ],
)
def test_a_suffix_that_tells_nothing_is_replaced_by_what_the_content_tells(
    suffix: str, content: bytes, expected: str
) -> None:
    assert registry.suffix_of(suffix, content) == expected
