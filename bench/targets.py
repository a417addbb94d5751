"""The promises of targets.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

TARGETS = Path(__file__).parent / "targets.yaml"


@dataclass(frozen=True, slots=True)
class Target:
    """What is measured, and what is promised of it, if anything."""

    what: str
    unit: str
    floor: str
    at_most: float | None = None
    at_most_floors: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def promise(self) -> str:
        if self.at_most_floors is not None:
            return f"at most {self.at_most_floors:g} × floor"
        return "" if self.at_most is None else f"at most {self.at_most:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Floor:
    """What nothing that serves calls could do better."""

    what: str
    unit: str


@dataclass(frozen=True, slots=True)
class Targets:
    """All that is measured, by name."""

    targets: Mapping[str, Target]
    floors: Mapping[str, Floor]


def read_targets(path: Path = TARGETS) -> Targets:
    """Read the file; an unknown key or the name of a floor that there is not is an error."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    floors = {name: Floor(**values) for name, values in read["floors"].items()}
    targets = {name: Target(**values) for name, values in read["targets"].items()}
    for name, target in targets.items():
        if target.floor not in floors:
            raise ValueError(f"{path.name}: the floor of {name}, {target.floor}, is not among the floors")
    return Targets(targets, floors)
