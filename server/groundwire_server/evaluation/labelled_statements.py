"""Labelled statements: whether the passages that they cite support each is known."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.files import InputFile, read_input


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
    """Read a file of passages and statements.

    Raises:
        SetupError: when it holds something else.
    """
    given = read_input(file)
    if not isinstance(given, InputFile) or not given.statements:
        raise SetupError(f"{file} holds no labelled statements: give passages and statements, as for `groundwire eval`")
    return [
        LabelledStatement(each.text, tuple(passage.text for passage in each.passages), each.supported, each.kind)
        for each in given.statements
    ]


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
