"""Labelled statements from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import checked
from groundwire_server.evaluation.items import Record, StatementItem, StatementPassage, Text, Texts

_SHAPE = """a file is such as {"passages": {"p1": "The desk opens at six."}, "statements": [{"passage": "p1", \
"supported": true, "kind": "verbatim", "text": "The desk opens at six."}]}"""


class _PassageText(Record):
    title: str = ""
    text: Text


class _Statement(Record):
    """A statement as the file has it: it names its passages."""

    id: str = ""
    passage: Text | None = None
    passages: tuple[Text, ...] = ()
    supported: bool = Field(strict=True)
    kind: Text
    text: Text
    slice: Texts = ()


def statements_of(file: Path, read: Mapping[str, Any]) -> tuple[StatementItem, ...]:
    """Return the statements of a file, each with its passages.

    Raises:
        SetupError: for a passage or a statement that lacks something, names no passage, or is given twice.
    """
    unknown = sorted(read.keys() - {"about", "passages", "statements"})
    if unknown:
        raise SetupError(f"{file}: `{unknown[0]}` is not a known key: {_SHAPE}")
    passages = {name: _passage(file, name, value) for name, value in _mapping(file, read).items()}
    found: dict[str, StatementItem] = {}
    listed = read.get("statements")
    if not isinstance(listed, list):
        raise SetupError(f"{file}: `statements` must be a list: {_SHAPE}")
    for number, value in enumerate(listed):
        where = f"{file}: statements[{number}]"
        given = checked(_Statement, value, where, _SHAPE)
        cited = (given.passage,) if given.passage is not None else given.passages
        if not cited or (given.passage is not None and given.passages):
            raise SetupError(f"{where}: must name either a `passage` or `passages`: {_SHAPE}")
        missing = [name for name in cited if name not in passages]
        if missing:
            raise SetupError(f"{where}: there is no passage {missing[0]!r}: add it to `passages`")
        item = StatementItem(
            id=given.id,
            text=given.text,
            passages=tuple(passages[name] for name in cited),
            supported=given.supported,
            kind=given.kind,
            slice=given.slice,
        )
        if item.key in found:
            raise SetupError(f"{where}: the statement is in the file already: leave one out, or give each an `id`")
        found[item.key] = item
    return tuple(found.values())


def _mapping(file: Path, read: Mapping[str, Any]) -> Mapping[str, Any]:
    match read.get("passages"):
        case dict(passages):
            return passages
        case _:
            raise SetupError(f"{file}: `passages` must be texts by id: {_SHAPE}")


def _passage(file: Path, name: str, value: Any) -> StatementPassage:
    where = f"{file}: passages[{name!r}]"
    given = checked(_PassageText, {"text": value} if isinstance(value, str) else value, where, _SHAPE)
    return StatementPassage(id=name, title=given.title, text=given.text)
