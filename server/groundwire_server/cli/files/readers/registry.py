"""Which reader reads which file: by its suffix, or by how its content begins."""

import importlib
import importlib.util
import io
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Final, cast

from groundwire_server.cli.files.readers.port import Reader

GROUP: Final = "groundwire.readers"
"""The group of entry points through which other packages add readers."""

_ROOM: Final = "groundwire_server.cli.files.readers"
_HTML: Final = f"{_ROOM}.html_page:read"
_DOCX: Final = f"{_ROOM}.word:read"
_XLSX: Final = f"{_ROOM}.sheets:read_xlsx"
_CSV: Final = f"{_ROOM}.sheets:read_csv"

_BUILT_IN: Final[Mapping[str, str]] = {
    ".rst": f"{_ROOM}.restructured_text:read",
    ".rest": f"{_ROOM}.restructured_text:read",
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": f"{_ROOM}.pdf:read",
    ".docx": _DOCX,
    ".docm": _DOCX,
    ".csv": _CSV,
    ".tsv": _CSV,
    ".xlsx": _XLSX,
    ".xlsm": _XLSX,
    ".eml": f"{_ROOM}.mail:read",
    ".json": f"{_ROOM}.json_text:read",
}

_NEED_NOTHING: Final = frozenset({".csv", ".tsv", ".eml", ".json"})
_MODULES: Final = ("bs4", "docutils", "docx", "lxml", "openpyxl", "pdfplumber")
"""What the extra `files` brings."""

_PEEKED: Final = 1024


@cache
def suffixes() -> frozenset[str]:
    """Return the suffixes of all files that have a reader, those of other packages included."""
    return frozenset(_BUILT_IN) | frozenset(_added())


def needs_extra(suffix: str) -> bool:
    """Return whether a file's reader needs the extra `files`."""
    return suffix in _BUILT_IN and suffix not in _NEED_NOTHING and suffix not in _added()


def extra_installed() -> bool:
    """Return whether the extra is installed, without importing it."""
    return all(importlib.util.find_spec(module) is not None for module in _MODULES)


def suffix_of(suffix: str, content: bytes) -> str:
    """Return the suffix that a file should have by its content, where its own tells nothing.

    Args:
        suffix: the file's own, in lower case.
        content: at least its beginning.
    """
    if suffix in suffixes():
        return suffix
    beginning = content[:_PEEKED].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(b"%pdf-"):
        return ".pdf"
    if beginning.startswith((b"<!doctype html", b"<html")):
        return ".html"
    return _office(content) if content.startswith(b"PK\x03\x04") else suffix


def reader_of(suffix: str) -> Reader:
    """Return the reader of a suffix.

    Raises:
        KeyError: when there is none.
        ImportError: when a package that it needs is not installed.
    """
    module, _, name = (_added().get(suffix) or _BUILT_IN[suffix]).partition(":")
    return cast("Reader", getattr(importlib.import_module(module), name))


@cache
def _added() -> Mapping[str, str]:
    return {f".{each.name.lower()}": each.value for each in entry_points(group=GROUP)}


def _office(content: bytes) -> str:
    """Return what a ZIP is, by the names in it; empty for any other."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError):
        return ""
    return ".docx" if "word/document.xml" in names else ".xlsx" if "xl/workbook.xml" in names else ""
