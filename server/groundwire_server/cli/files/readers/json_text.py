"""JSON that is no Document of the contract: its values under their keys."""

import json
from collections.abc import Iterator
from typing import Any

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing


def read(content: bytes, name: str) -> FileContents:
    """Read JSON: a list of objects as a table where their values are plain, everything else as a list."""
    del name
    text, warnings = decoded(content)
    try:
        value = json.loads(text)
        title = value.get("title", "") if isinstance(value, dict) else ""
        written = _table(value) or writing.joined(_blocks(value, 1))
    except (ValueError, RecursionError) as wrong:
        said = str(wrong).partition("\n")[0] if isinstance(wrong, ValueError) else "it is nested too deeply"
        raise UnreadableContentError(f"is not JSON: {said}") from wrong
    return FileContents(written + "\n", title=title if isinstance(title, str) else "", warnings=warnings)


def _blocks(value: Any, level: int) -> Iterator[str]:
    match value:
        case dict():
            plain = {key: each for key, each in value.items() if not isinstance(each, dict | list) or not each}
            yield writing.items(f"{writing.line(key)}: {_plain(each)}" for key, each in plain.items())
            for key, each in value.items():
                if key not in plain:
                    yield writing.heading(level, key)
                    yield _table(each) or writing.joined(_blocks(each, level + 1))
        case list() if all(not isinstance(each, dict | list) for each in value):
            yield writing.items(map(_plain, value))
        case list():
            for number, each in enumerate(value, 1):
                yield writing.heading(level, str(number))
                yield from _blocks(each, level + 1)
        case _:
            yield writing.prose(_plain(value))


def _table(value: Any) -> str:
    """Return objects with plain values as a table; empty for anything else."""
    if not (isinstance(value, list) and value and all(isinstance(each, dict) for each in value)):
        return ""
    if any(isinstance(inner, dict | list) for each in value for inner in each.values()):
        return ""
    keys = list(dict.fromkeys(key for each in value for key in each))
    return writing.table([keys, *([_plain(each.get(key)) for key in keys] for each in value)])


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case _:
            return json.dumps(value)
