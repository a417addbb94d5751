"""Labelled statements: whether the passages that they cite support each is known."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError

_SHAPE = (
    """{"passages": {"p1": "The desk opens at six."}, "statements": [{"passage": "p1", "supported": true, """
    """"kind": "verbatim", "text": "The desk opens at six."}]}"""
)


@dataclass(frozen=True, slots=True)
class LabelledStatement:
    """One statement.

    Attributes:
        passages: the texts that it cites.
        supported: whether they support it.
        kind: how it was made, such as `negation inserted`.
    """

    text: str
    passages: tuple[str, ...]
    supported: bool
    kind: str


def read(file: Path) -> list[LabelledStatement]:
    """Read a JSON file of passages and statements.

    Raises:
        SetupError: when it is no such file.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        passages = {str(name): _passage(file, name, text) for name, text in values["passages"].items()}
        listed = list(enumerate(values["statements"]))
    except OSError as failed:
        raise SetupError(f"{file} cannot be read: {failed.strerror}") from None
    except UnicodeDecodeError:
        raise SetupError(f"{file} is not UTF-8: save it as UTF-8") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SetupError(f"{file} holds no labelled statements: a file is such as {_SHAPE}") from None
    # A statement that is given twice could be in both halves.
    return list(dict.fromkeys(_statement(file, number, each, passages) for number, each in listed))


def split_by_passage(
    statements: Sequence[LabelledStatement], seed: int
) -> tuple[list[LabelledStatement], list[LabelledStatement]]:
    """Return two halves, drawn by the seed: one to fit on, one to judge by; no passage is in both."""
    joined: dict[str, str] = {}

    def group(passage: str) -> str:
        """Return the passage that stands for all that are cited together with this one."""
        while (above := joined.setdefault(passage, passage)) != passage:
            passage = above
        return passage

    for each in statements:
        for passage in each.passages[1:]:
            joined[group(passage)] = group(each.passages[0])
    groups: dict[str, list[LabelledStatement]] = {}
    for each in statements:
        groups.setdefault(group(each.passages[0]), []).append(each)
    drawn = list(groups.values())
    random.Random(seed).shuffle(drawn)  # noqa: S311 - it keeps no secret
    halves: tuple[list[LabelledStatement], list[LabelledStatement]] = ([], [])
    for members in drawn:
        min(halves, key=len).extend(members)
    return halves


def _passage(file: Path, name: object, value: Any) -> str:
    match value:
        case str(text) | {"text": str(text)} if text.strip():
            return text
        case _:
            raise SetupError(f"{file}: passages[{name!r}] is no text: a file is such as {_SHAPE}")


def _statement(file: Path, number: int, value: Any, passages: Mapping[str, str]) -> LabelledStatement:
    match value:
        case {"supported": bool(supported), "text": str(text), "kind": str(kind)} if text.strip():
            named = value.get("passages") or [value.get("passage")]
            if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
                raise SetupError(f"{file}: statements[{number}] names no passage: a file is such as {_SHAPE}")
        case _:
            raise SetupError(f"{file}: statements[{number}] is no labelled statement: a file is such as {_SHAPE}")
    if unknown := next((each for each in named if each not in passages), None):
        raise SetupError(f"{file}: statements[{number}]: there is no passage {unknown!r}: add it to `passages`")
    cited = tuple(dict.fromkeys(passages[each] for each in named))
    return LabelledStatement(text, cited, supported, kind)
