"""Figures against promises."""

from pathlib import Path

import pytest

from bench.targets import Target, read_targets
from bench.verdicts import Verdict, judge, ratios, rows
from groundwire_server.cli.bench.figures import Interval
from tests.bench.samples import figures


@pytest.mark.parametrize(
    ("low", "high", "limit", "verdict"),
    [
        (10.0, 12.0, 15.0, Verdict.MET),
        (10.0, 15.0, 15.0, Verdict.MET),
        (14.0, 16.0, 15.0, Verdict.WITHIN_NOISE),
        (15.0, 16.0, 15.0, Verdict.WITHIN_NOISE),
        (15.1, 16.0, 15.0, Verdict.MISSED),
        (10.0, 12.0, None, Verdict.NONE),
    ],
)
def test_a_promise_within_the_noise_is_neither_met_nor_missed(
    low: float, high: float, limit: float | None, verdict: Verdict
) -> None:
    assert judge(Interval(low, (low + high) / 2, high), limit) is verdict


def test_a_ratio_is_of_one_round() -> None:
    target = Target("what", "ms", "floor")

    # The machine was half as fast in the second round, and nothing else changed.
    assert ratios(target, [10.0, 20.0, 10.0], [1.0, 2.0, 1.0]) == [10.0, 10.0, 10.0]


def test_more_floors_is_worse_where_more_is_better() -> None:
    target = Target("what", "chunks/s", "floor", better="more")

    assert ratios(target, [50.0, 25.0], [100.0, 100.0]) == [2.0, 4.0]


def test_every_target_is_judged_once() -> None:
    targets = read_targets()

    judged = rows(targets, figures(targets, seed=0))

    assert [row.name for row in judged] == list(targets.targets)
    assert all((row.verdict is Verdict.NONE) is (row.target.promise == "") for row in judged)


@pytest.mark.parametrize(
    ("name", "factor", "verdict"),
    [
        ("unary_cpu_hit", 1.0, Verdict.MET),
        ("unary_cpu_hit", 3.0, Verdict.MISSED),
        ("unary_cpu_hit", 2.0, Verdict.WITHIN_NOISE),
        # A promise in its unit asks for no floor.
        ("memory_with_embedder", 30.0, Verdict.MET),
        ("memory_with_embedder", 40.0, Verdict.MISSED),
        ("start", 0.1, Verdict.MET),
    ],
)
def test_a_target_is_judged_by_what_it_promises(name: str, factor: float, verdict: Verdict) -> None:
    targets = read_targets()

    judged = rows(targets, figures(targets, seed=0, factors={name: factor}))

    assert next(row for row in judged if row.name == name).verdict is verdict


def test_what_was_not_measured_is_not_passed_over() -> None:
    targets = read_targets()
    measured = figures(targets, seed=0)
    del measured["start"]
    measured["stat"] = [1.0]

    with pytest.raises(ValueError, match=r"differ: start, stat$"):
        rows(targets, measured)


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        ("{what: w, unit: ms, floor: flor}", ValueError, "flor"),
        ("{what: w, unit: ms, floor: floor, at_mots: 3}", TypeError, "at_mots"),
    ],
)
def test_a_slip_in_the_file_is_found(tmp_path: Path, target: str, error: type[Exception], says: str) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(f"floors:\n  floor: {{what: w, unit: ms}}\ntargets:\n  one: {target}\n")

    with pytest.raises(error, match=says):
        read_targets(path)
