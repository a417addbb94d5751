"""Earlier runs, and when a run is slower."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.history import Change, Run, append, compare, read

Draw = Callable[..., list[float]]


@pytest.fixture
def draw() -> Draw:
    """Ratios of a run's rounds: runs differ by 2 %, their rounds by 4 %, and one round in ten is a fifth slower."""
    chance = random.Random(7)

    def rounds(factor: float = 1.0, count: int = 5) -> list[float]:
        level = 15 * factor * chance.gauss(1, 0.02)
        return [level * chance.gauss(1, 0.04) * chance.choice([1.2] + [1.0] * 9) for _ in range(count)]

    return rounds


@pytest.mark.parametrize("runs", [1, 2, 3, 5, 8])
def test_noise_alone_is_seldom_called_a_change(draw: Draw, runs: int) -> None:
    changes = [compare(draw(), [draw() for _ in range(runs)]).change for _ in range(300)]

    assert sum(change is not Change.SAME for change in changes) <= 6  # one in a hundred is to be expected


@pytest.mark.parametrize(("factor", "change"), [(1.3, Change.SLOWER), (0.7, Change.FASTER)])
@pytest.mark.parametrize("runs", [2, 8])
def test_a_change_far_beyond_noise_is_found(draw: Draw, factor: float, change: Change, runs: int) -> None:
    changes = [compare(draw(factor), [draw() for _ in range(runs)]).change for _ in range(100)]

    assert changes.count(change) >= 90


@pytest.mark.parametrize(
    ("now", "earlier", "change"),
    [
        ([15.0] * 5, [], Change.FIRST),
        ([20.0] * 2, [[10.0] * 2], Change.UNKNOWN),
        ([15.0] * 5, [[15.0] * 5], Change.SAME),
        # Clearly above, but by less than 10 %.
        ([16.1, 16.2, 16.3, 16.2, 16.1], [[15.0, 15.1, 15.0, 15.1, 15.0]] * 4, Change.SAME),
        # Above all of them, but they scatter as much.
        ([17.0] * 5, [[13.0] * 5, [16.5] * 5, [14.0] * 5, [16.0] * 5], Change.SAME),
        # Beyond most of them, but one was slower still.
        ([17.0] * 5, [[15.0] * 5, [15.1] * 5, [18.0] * 5], Change.SAME),
        ([17.0] * 5, [[15.0] * 5, [15.1] * 5, [15.2] * 5], Change.SLOWER),
        ([13.0] * 5, [[15.0] * 5, [15.1] * 5, [15.2] * 5], Change.FASTER),
    ],
)
def test_what_is_said(now: list[float], earlier: list[list[float]], change: Change) -> None:
    assert compare(now, earlier).change is change


def test_the_shift_is_that_of_the_medians() -> None:
    compared = compare([18.0] * 5, [[10.0] * 5, [15.0] * 5, [20.0] * 5])

    assert compared.shift == pytest.approx(0.2)
    assert compared.runs == 3


def run(commit: str, kind: str = "small") -> Run:
    return Run("2026-11-21T07:00:00+00:00", commit, kind, {"unary": [1.0, 2.0]})


def test_runs_come_back_in_order_and_by_their_kind_of_machine(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    for each in (run("a"), run("b", "large"), run("c")):
        append(path, each)

    assert read(path, "small") == [run("a"), run("c")]
    assert read(path, "medium") == []


def test_no_file_is_no_runs(tmp_path: Path) -> None:
    assert read(tmp_path / "history.jsonl", "small") == []


@pytest.mark.parametrize("broken", ['{"time": "2026', "[]", "null", '{"commit": "x"}', ""])
def test_a_broken_line_costs_only_itself(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "history.jsonl"
    append(path, run("a"))
    with path.open("a", encoding="utf-8") as file:
        file.write(broken)  # without its end: the run was broken off
    append(path, run("b"))

    assert read(path, "small") == [run("a"), run("b")]
