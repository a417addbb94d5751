"""The page and the lines of a run."""

import json
import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bench import page
from bench.report import facts, lines
from bench.targets import read_targets
from tests.bench.pages import Page
from tests.bench.samples import figures, report


@pytest.mark.parametrize("earlier", [0, 1, 3])
@pytest.mark.parametrize("rounds", [1, 5, 30])
def test_the_page_is_well_formed_and_fetches_nothing(earlier: int, rounds: int) -> None:
    html = page.html(report(figures(read_targets(), seed=0, rounds=rounds), earlier))
    read = Page(html)

    assert read.fetched == []
    assert "script" not in read.tags
    assert not re.search(r"url\(|@import|https?:", html)
    assert not re.search(r"\bnan\b", html)
    assert ("History" in read.text) is (earlier > 0)


def test_the_page_suits_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in page.html(report())


def test_every_target_has_a_row_a_plot_of_its_rounds_and_one_of_its_history() -> None:
    shown = report()
    read = Page(page.html(shown))

    assert read.tags["tr"] == 1 + len(shown.rows)
    assert read.tags["figure"] == 2 + 2 * len(shown.rows)
    assert all(read.text.count(row.name) >= 3 for row in shown.rows)


def test_what_is_said_of_a_slower_run() -> None:
    shown = report(figures(read_targets(), seed=9, factors={"unary_cpu_hit": 1.4}), earlier=3)

    assert "unary_cpu_hit slower beyond noise" in Page(page.html(shown)).text
    assert any(line.strip().startswith("slower beyond noise: +") for line in lines(shown))


def test_the_page_names_the_machine_s_kind_and_neither_its_name_nor_a_path() -> None:
    html = page.html(report())

    assert "A &lt;fast&gt; &amp; new one" in html
    assert socket.gethostname() not in html
    assert str(Path.home()) not in html
    assert str(Path.cwd()) not in html


def test_the_lines_hold_every_target_with_its_floor_and_its_verdict() -> None:
    shown = report()
    printed = "\n".join(lines(shown))

    for name in shown.floors:
        assert re.search(rf"^{name} .* floor: ", printed, re.MULTILINE)
    for row in shown.rows:
        assert re.search(rf"^{row.name} .* × floor ±\d+%", printed, re.MULTILINE)
    assert "at most 20 × floor: MET" in printed


def test_lines_of_a_first_run_compare_with_nothing() -> None:
    assert "earlier run" not in "\n".join(lines(report(earlier=0)))


def test_a_run_that_measured_less_is_compared_by_what_it_measured() -> None:
    shown = report(earlier=1)
    past = replace(shown.earlier[0], figures={"unary_cpu_hit": [10.0] * 5, "empty_call_cpu": [1.0] * 5})
    shown = replace(shown, earlier=[past])

    compared = {row.name: shown.comparison(row).runs for row in shown.rows}

    assert {name for name, runs in compared.items() if runs} == {"unary_cpu_hit"}
    assert Page(page.html(shown)).fetched == []


def test_the_json_says_what_the_lines_say() -> None:
    shown = report()
    read = json.loads(json.dumps(facts(shown)))

    assert read["targets"]["unary_cpu_hit"]["verdict"] == "met"
    assert read["targets"]["unary_cpu_hit"]["compared"]["runs"] == 3
    assert read["latencies_ms"]["unary_1"].keys() == {"p50", "p95", "p99"}
    assert read["machine"]["cores"] == 2
    assert read["figures"].keys() == {*shown.floors, *(row.name for row in shown.rows)}
