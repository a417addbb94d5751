"""Markdown and plain text."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import yaml

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import FileContents, MetadataValue
from groundwire_server.markup.blocks import Block, BlockKind, blocks
from groundwire_server.markup.html import without_html

_PEEKED: Final = 64 * 1024
"""Where titles are looked for, in code points."""

_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MOST_VALUES: Final = 32
_MOST_CHARACTERS: Final = 4096
_LONGEST_VALUE: Final = 512


def read(content: bytes, name: str) -> FileContents:
    """Read Markdown: its title is in the front matter, or the first heading."""
    del name
    text, warnings = decoded(content)
    fields = _fields(text)
    title = fields.pop("title", None)
    said = title if isinstance(title, str) else ""
    return FileContents(text, title=said or first_heading(text), metadata=_values(fields), warnings=warnings)


def read_plain(content: bytes, name: str) -> FileContents:
    """Read plain text: a first line like a heading of Markdown is its title."""
    del name
    text, warnings = decoded(content)
    first = text.lstrip()[:_LONGEST_VALUE].partition("\n")[0]
    return FileContents(
        text, markdown=False, title=first[2:].strip() if first.startswith("# ") else "", warnings=warnings
    )


def first_heading(text: str) -> str:
    """Return the title of the first heading of the first level, or else of the first heading."""
    headings = [block for block in _blocks(text[:_PEEKED]) if block.kind is BlockKind.HEADING and block.title]
    top = next((block for block in headings if block.level == 1), None)
    return (top or headings[0]).title if headings else ""


def _blocks(text: str) -> Iterator[Block]:
    for block in blocks(text):
        if block.kind is BlockKind.HTML:
            yield from blocks(without_html(text[block.start : block.end]))
        else:
            yield block


def _fields(text: str) -> dict[str, Any]:
    found = _FRONT_MATTER.match(text[:_PEEKED])
    if found is None:
        return {}
    try:
        fields = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _values(fields: Mapping[Any, Any]) -> dict[str, MetadataValue]:
    """Return the simple values, as many as a document may have with room for those of the command line."""
    found: dict[str, MetadataValue] = {}
    characters = 0
    for key, each in fields.items():
        value = _value(each)
        if value is None or not isinstance(key, str) or not _KEY.fullmatch(key):
            continue
        characters += len(key) + len(str(value))
        if len(found) == _MOST_VALUES or characters > _MOST_CHARACTERS:
            break
        found[key] = value
    return found


def _value(value: Any) -> MetadataValue | None:
    match value:
        case bool() | str():
            return value
        case int() if abs(value) < 2**53:
            return value
        case float() if math.isfinite(value):
            return value
        case date():
            return value.isoformat()
        case [*each] if all(isinstance(item, str) and 0 < len(item) <= _LONGEST_VALUE for item in each):
            return each
        case _:
            return None
