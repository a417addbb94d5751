"""The promises of quality_targets.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter

from groundwire_server.evaluation.items import Record

TARGETS = Path(__file__).parents[1] / "quality_targets.yaml"


class QualityTarget(Record):
    """What is measured, on which statements, questions or texts, and what is promised of it, if anything.

    Attributes:
        kinds: of statements; empty takes all.
        files: that statements come from; empty takes all.
        supported: which statements; None takes both.
        groups: of questions or texts.
        measure: refused, accepted or verified, or the path of a measure.
    """

    what: str
    of: Literal["statements", "odd", "questions", "texts"]
    measure: str
    kinds: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    supported: bool | None = None
    groups: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    @property
    def promise(self) -> str:
        if self.at_least is not None:
            return f"≥ {_shown(self.at_least)}"
        return "" if self.at_most is None else f"≤ {_shown(self.at_most)}"

    def met(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


def read_quality_targets(path: Path = TARGETS) -> Mapping[str, QualityTarget]:
    """Read the file; an unknown key is an error."""
    return TypeAdapter(dict[str, QualityTarget]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def _shown(share: float) -> str:
    return f"{share * 100:g} %"
