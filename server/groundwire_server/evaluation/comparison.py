"""Two results compared, item by item: the same questions, statements and texts, before and after a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import checked, json_of, text_from
from groundwire_server.evaluation.items import Record
from groundwire_server.evaluation.measures.catalog import MEASURES, Measure
from groundwire_server.evaluation.measures.guards import LABELLED
from groundwire_server.evaluation.measures.intervals import (
    Floats,
    Statistic,
    interval,
    mean_of,
    rounded,
    samples,
)
from groundwire_server.evaluation.measures.joint import answer_statistics, column, statement_statistics
from groundwire_server.evaluation.measures.values import SUPPORTED, Values
from groundwire_server.evaluation.result import MARK, VERSION

COMPARISON_MARK = "groundwire_comparison"
COMPARISON_VERSION = 1

_ADVICE = "write one with `groundwire eval --json FILE`"


class _Item(Record):
    slices: tuple[str, ...]
    values: Mapping[str, Annotated[float, Field(ge=-1e15, le=1e15)]]


class WrittenResult(Record):
    """A result as its file has it, as far as two are compared."""

    version: Literal[1] = Field(alias=MARK)
    subjects: tuple[Mapping[str, Any], ...]
    inputs: tuple[Mapping[str, Any], ...]
    measures: Mapping[str, Any]
    slices: Mapping[str, Any]
    items: Mapping[str, _Item]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in two results, over the items that both have.

    Attributes:
        measure: the measure.
        before: in the first.
        after: in the second.
        low: the lower end of the 95 % confidence interval of what the second is above the first.
        high: the upper end.
        count: the items that have a value in either.
    """

    measure: Measure
    before: float
    after: float
    low: float | None
    high: float | None
    count: int

    @property
    def change(self) -> float:
        """How much the second is above the first."""
        return self.after - self.before

    @property
    def verdict(self) -> Literal["better", "worse", "within noise"]:
        """Better or worse where the whole interval is on one side of zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "within noise"
        return "better" if (self.low > 0) is (self.measure.better == "more") else "worse"

    def facts(self) -> dict[str, object]:
        """Return all of it, for JSON."""
        return {
            "measure": self.measure.path,
            "better": self.measure.better,
            "before": rounded(self.before),
            "after": rounded(self.after),
            "change": rounded(self.change),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "count": self.count,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results compared.

    Attributes:
        differences: of each measure that both have.
        common: how many items both have.
        only_before: how many only the first has.
        only_after: how many only the second has.
    """

    differences: tuple[Difference, ...]
    common: int
    only_before: int
    only_after: int

    def facts(self) -> dict[str, object]:
        """Return all of it, for JSON."""
        return {
            COMPARISON_MARK: COMPARISON_VERSION,
            "items": {"common": self.common, "only_before": self.only_before, "only_after": self.only_after},
            "differences": [each.facts() for each in self.differences],
        }


def read_result(file: Path) -> WrittenResult:
    """Read a result.

    Raises:
        SetupError: when the file is not one, or of another version.
    """
    read = json_of(text_from(file), str(file), _ADVICE)
    if not isinstance(read, dict) or MARK not in read:
        raise SetupError(f"{file} is not the result of an evaluation: {_ADVICE}")
    if read[MARK] != VERSION:
        raise SetupError(
            f"{file} has version {read[MARK]} of the format, and this groundwire reads {VERSION}: {_ADVICE}"
        )
    return checked(WrittenResult, read, str(file), _ADVICE)


def compare(before: WrittenResult, after: WrittenResult, slice_label: str = "") -> Comparison:
    """Compare two results by the items that both have, with a paired bootstrap.

    Args:
        before: the first.
        after: the second.
        slice_label: compares the items of this slice alone; empty compares all.

    Raises:
        SetupError: when they have no item in common.
    """
    first, second = (
        {key for key, item in each.items.items() if not slice_label or slice_label in item.slices}
        for each in (before, after)
    )
    # An item that was given another label in between is another: what changed for it is not what was measured.
    common = sorted(key for key in first & second if _label(before, key) == _label(after, key))
    if not common:
        where = f" in the slice {slice_label!r}" if slice_label else ""
        raise SetupError(f"the two results have no item in common{where}: evaluate the same files")
    pair = ([before.items[key].values for key in common], [after.items[key].values for key in common])
    found = _differences(*pair, len(common))
    return Comparison(tuple(found), len(common), len(first) - len(common), len(second) - len(common))


def _label(result: WrittenResult, key: str) -> Values:
    values = result.items[key].values
    return {name: value for name, value in values.items() if name == SUPPORTED or name.startswith(LABELLED)}


def _differences(before: Sequence[Values], after: Sequence[Values], items: int) -> list[Difference]:
    statistics = [(measure, *pair) for measure in MEASURES if (pair := _pair(measure, before, after)) is not None]
    everyone = np.ones((1, items))
    drawn: list[list[Floats]] = [[] for _ in statistics]
    for counts in samples(items):
        for place, (_, one, other, _) in enumerate(statistics):
            drawn[place].append(other(counts) - one(counts))
    found = []
    for (measure, one, other, count), changes in zip(statistics, drawn, strict=True):
        values = float(one(everyone)[0]), float(other(everyone)[0])
        if not np.isnan(values).any():
            found.append(Difference(measure, *values, *interval(np.concatenate(changes)), count))
    return found


def _pair(
    measure: Measure, before: Sequence[Values], after: Sequence[Values]
) -> tuple[Statistic, Statistic, int] | None:
    """Return a measure's statistic in both, and how many items have a value in either."""
    if measure.form == "joint":
        one, other = _joint(before).get(measure.path), _joint(after).get(measure.path)
        return None if one is None or other is None else (one, other, len(before))
    columns = column(before, measure.path), column(after, measure.path)
    known = [~np.isnan(each) for each in columns]
    if not known[0].any() or not known[1].any():
        return None
    return mean_of(columns[0]), mean_of(columns[1]), int((known[0] | known[1]).sum())


def _joint(items: Sequence[Values]) -> Mapping[str, Statistic]:
    return {**answer_statistics(items), **statement_statistics(items)}
