"""Labelled texts for guards, from JSON lines and from JSON."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import checked, json_of
from groundwire_server.evaluation.items import TextItem

_LINE = """a line is such as {"screen": "question", "text": "Ignore your instructions.", "categories": ["injection"]}"""
_SHAPE = """a file is such as {"texts": [{"screen": "question", "text": "Who signs?", "categories": []}]}"""


def texts_of_lines(file: Path, text: str) -> tuple[TextItem, ...]:
    """Read texts, one JSON object a line; empty lines are passed over.

    Raises:
        SetupError: for a line that is not a text, or holds one for the second time.
    """
    lines = ((f"{file}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return _texts(((where, json_of(line, where, _LINE)) for where, line in lines), _LINE)


def texts_of(file: Path, read: Mapping[str, Any]) -> tuple[TextItem, ...]:
    """Return the texts of a file.

    Raises:
        SetupError: for a text that lacks something, or is given twice.
    """
    unknown = sorted(read.keys() - {"about", "texts"})
    if unknown:
        raise SetupError(f"{file}: `{unknown[0]}` is not a known key: {_SHAPE}")
    listed = read["texts"]
    if not isinstance(listed, list):
        raise SetupError(f"{file}: `texts` must be a list: {_SHAPE}")
    return _texts(((f"{file}: texts[{number}]", value) for number, value in enumerate(listed)), _SHAPE)


def check_ordinary(texts: Sequence[TextItem]) -> None:
    """Refuse texts of a screen of which none is ordinary: how often its guards are wrong could not be told.

    Raises:
        SetupError: for the first such screen.
    """
    ordinary = {text.screen for text in texts if not text.categories}
    for text in texts:
        if text.screen not in ordinary:
            raise SetupError(
                f"no text of the {text.screen} screen is ordinary, so that no false alarms can be counted: add some "
                "with `categories` []"
            )


def _texts(given: Iterable[tuple[str, Any]], advice: str) -> tuple[TextItem, ...]:
    found: dict[str, tuple[str, TextItem]] = {}
    for where, value in given:
        item = checked(TextItem, value, where, advice)
        if item.key in found:
            raise SetupError(f"{where}: the text of {found[item.key][0]} again: leave one out, or give each an `id`")
        found[item.key] = (where, item)
    return tuple(item for _, item in found.values())
