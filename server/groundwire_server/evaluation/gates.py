"""Thresholds that a result must meet, for continuous integration."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import text_from, yaml_of
from groundwire_server.evaluation.measures.catalog import MEASURES, measure
from groundwire_server.evaluation.result import EvaluationResult, Facts

_SHAPE = "a thresholds file has lines such as `answers/contains: {at_least: 0.9}`"
_KIND = "verdicts/by_kind/"
_CATEGORY = "guards/by_category/"
_OF_CATEGORY = re.compile(rf"{_CATEGORY}[^/]+/[^/]+/[^/]+/(?:missed|false_alarms|elsewhere)")
_NAME = re.compile(rf"(?:(?P<label>.+?):)?(?P<path>(?:{'|'.join({each.group: 0 for each in MEASURES})})/.+)", re.DOTALL)
"""A measure, after the label of a slice; a label and a kind may hold colons too."""

Side: TypeAlias = Literal["at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold of one measure.

    Attributes:
        path: names the measure.
        bound: the threshold.
        side: on which side of it the measure must be.
        label: of the slice that it is about; empty for all items.
    """

    path: str
    bound: float
    side: Side
    label: str = ""

    def met(self, value: float) -> bool:
        """Return whether a value is on the right side; the threshold itself is."""
        return value >= self.bound if self.side == "at_least" else value <= self.bound

    @property
    def said(self) -> str:
        """What is demanded, in words."""
        name = f"{self.label}:{self.path}" if self.label else self.path
        return f"{name} {self.side.replace('_', ' ')} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class GateResult:
    """A threshold with what was measured.

    Attributes:
        gate: the threshold.
        value: the measure; None where nothing was measured.
    """

    gate: Gate
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the threshold is met; a measure that is missing does not meet it."""
        return self.value is not None and self.gate.met(self.value)


def gate_of(written: str, side: Side) -> Gate:
    """Return the threshold of an option, `MEASURE=VALUE`.

    Raises:
        SetupError: when it is written otherwise, or names no measure.
    """
    path, equals, bound = written.rpartition("=")
    try:
        number = float(bound) if equals else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SetupError(f"{written!r} is not MEASURE=VALUE, such as answers/contains=0.9")
    return _gate(path.strip(), number, side, written)


def gates_of(file: Path) -> list[Gate]:
    """Return the thresholds of a YAML or JSON file.

    Raises:
        SetupError: when it holds something else.
    """
    read, _ = yaml_of(file, text_from(file), _SHAPE)
    if not isinstance(read, dict) or not read:
        raise SetupError(f"{file} has no thresholds: {_SHAPE}")
    found = []
    for path, bounds in read.items():
        where = f"{file}: {path}"
        if not isinstance(bounds, dict) or not bounds or bounds.keys() - {"at_least", "at_most"}:
            raise SetupError(f"{where}: needs `at_least`, `at_most` or both: {_SHAPE}")
        found += [_gate(str(path), _number(bound, where), side, where) for side, bound in bounds.items()]
    return found


def judge(result: EvaluationResult, gates: Iterable[Gate]) -> Sequence[GateResult]:
    """Return every threshold with what was measured.

    Raises:
        SetupError: when one names a slice that the result does not have.
    """
    return [GateResult(gate, _value(result, gate)) for gate in gates]


def _value(result: EvaluationResult, gate: Gate) -> float | None:
    if gate.label and gate.label not in result.slices:
        known = ", ".join(result.slices) or "none"
        raise SetupError(f"{gate.said}: there is no slice {gate.label!r}: the slices are {known}")
    measures = result.slices[gate.label] if gate.label else result.measures
    if gate.path.startswith(_KIND):
        return _of_kind(measures, gate.path.removeprefix(_KIND))
    if gate.path.startswith(_CATEGORY):
        return _of_category(measures, gate.path.removeprefix(_CATEGORY))
    group, _, name = gate.path.partition("/")
    figure: Mapping[str, Any] = measures.get(group, {}).get(name, {})
    return figure.get("value")


def _of_kind(measures: Facts, path: str) -> float | None:
    kind, _, name = path.rpartition("/")
    rows = [row for row in measures.get("verdicts", {}).get("by_kind", ()) if row["kind"] == kind]
    if len(rows) > 1:
        # A kind that both supported and unsupported statements have: what is refused of both says nothing.
        return None
    value: float | None = rows[0][name]["value"] if rows else None
    return value


def _of_category(measures: Facts, path: str) -> float | None:
    *place, name = path.split("/")
    rows = measures.get("guards", {}).get("by_category", ())
    of_category = (row for row in rows if [row["screen"], row["guard"], row["category"]] == place)
    value: float | None = next((row[name]["value"] for row in of_category), None)
    return value


def _gate(name: str, bound: float, side: Side, where: str) -> Gate:
    """Return the threshold of a measure, which a slice's label may stand before."""
    found = _NAME.fullmatch(name)
    path = name if found is None else found["path"]
    of_kind = path.startswith(_KIND) and path.endswith(("/refused", "/verified"))
    if measure(path) is None and not of_kind and not _OF_CATEGORY.fullmatch(path):
        known = ", ".join(each.path for each in MEASURES)
        raise SetupError(
            f"{where}: there is no measure {path!r}: choose {known}, or {_KIND}KIND/refused, {_KIND}KIND/verified, "
            f"{_CATEGORY}SCREEN/GUARD/CATEGORY/missed, …/false_alarms, …/elsewhere"
        )
    return Gate(path, bound, side, "" if found is None else found["label"] or "")


def _number(bound: Any, where: str) -> float:
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
        raise SetupError(f"{where}: a threshold is a number: {_SHAPE}")
    return float(bound)
