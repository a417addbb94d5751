"""`groundwire experiments show`: figures, sentences, cautions, and what programs read."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from groundwire.v1.experiment_service_pb2 import GetExperimentRequest, GetExperimentResponse
from groundwire_server.app.experiments.definition import EXAMPLE, read_experiment
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.experiments import show_table
from groundwire_server.cli.experiments.export import COLUMNS
from groundwire_server.cli.experiments.figures import difference_of, percent_of
from groundwire_server.cli.experiments.results import ShownExperiment
from groundwire_server.cli.experiments.sentences import cautions, sentences
from groundwire_server.cli.experiments.show_page import readout_page
from groundwire_server.cli.experiments.show_table import print_readout
from groundwire_server.domain.experiments.estimates import IntervalEstimate
from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, Metric
from groundwire_server.domain.experiments.observation import ArmSums
from groundwire_server.domain.experiments.readout import Readout
from groundwire_server.edge.convert.arm_results import arm_results_to_pb
from groundwire_server.edge.convert.experiment import experiment_to_pb
from tests.cli.conftest import Ran
from tests.domain.experiments.simulation import START, happens, simulated
from tests.doubles.experiment_service import ScriptedExperimentService, serving_experiments

Command = Callable[..., Ran]

METRICS = (
    Metric.ANSWERED,
    Metric.ABSTAINED,
    Metric.LATENCY_MS,
    Metric.COST_MICROS,
    Metric.FEEDBACK,
    Metric.NEGATIVE,
)


def experiment(*ends: ArmEnd) -> Experiment:
    """Return the example, with arms `control` and `candidate` for end users."""
    return replace(read_experiment(EXAMPLE.read_text("utf-8"), START), ended_arms=ends)


def sums(*abstained: float, calls: int = 4_000, names: Sequence[str] = ("control", "candidate")) -> list[ArmSums]:
    """Return the calls of each arm: one in ten users says something, and a candidate costs a tenth less."""
    random, arms = Random(8), []
    for name, rate in zip(names, abstained, strict=True):
        arm = simulated(name, *METRICS)
        cost = 1_000.0 if name == "control" else 900.0
        for number in range(calls):
            value, said = happens(random, rate), happens(random, 0.1)
            arm.call(
                number,
                abstained=value,
                answered=1 - value,
                latency_ms=random.lognormvariate(6, 0.4),
                cost_micros=cost * random.uniform(0.5, 1.5),
                feedback=said,
                negative=said * happens(random, 0.3),
            )
        arms.append(arm.sums())
    return arms


def response(arms: Sequence[ArmSums], *ends: ArmEnd) -> GetExperimentResponse:
    """Return what the service says."""
    made = GetExperimentResponse(
        experiment=experiment_to_pb(experiment(*ends), {}, START), arms=map(arm_results_to_pb, arms)
    )
    made.counted_time.FromDatetime(START)
    return made


def read(arms: Sequence[ArmSums], *ends: ArmEnd) -> tuple[ShownExperiment, Readout]:
    """Return what the command makes of it."""
    shown = ShownExperiment.of(response(arms, *ends))
    return shown, shown.readout(tuple(Metric), 0.95, 0.02)


class WithResults(ScriptedExperimentService):
    """Returns one experiment with its results."""

    def __init__(self) -> None:
        super().__init__()
        self.response = response(sums(0.2, 0.1))

    def GetExperiment(self, request: GetExperimentRequest, context: Any) -> GetExperimentResponse:  # noqa: N802
        super().GetExperiment(request, context)
        return self.response


@pytest.fixture
def results_service() -> WithResults:
    return WithResults()


@pytest.fixture
def results_address(results_service: WithResults) -> Iterator[str]:
    with serving_experiments(results_service) as address:
        yield address


def test_sums_come_through_the_contract_as_they_are() -> None:
    arms = sums(0.2, 0.1, calls=50)
    assert list(ShownExperiment.of(response(arms)).arms) == arms


def test_what_is_certain_is_said_in_a_sentence() -> None:
    said = list(sentences(*read(sums(0.2, 0.1))))
    assert said[0] == (
        "candidate answers 6.7 to 13.1 points more often, abstains 6.7 to 13.1 points less often and costs 8 to 13 % "
        "less than control; nothing else can be told apart yet."
    )
    assert said[-1].startswith("All differences hold together with 95 % confidence")


def test_tokens_are_more_or_fewer() -> None:
    random, arms = Random(8), []
    for name, tokens in {"control": 100.0, "candidate": 60.0}.items():
        arm = simulated(name, Metric.OUTPUT_TOKENS)
        for number in range(400):
            arm.call(number, output_tokens=tokens * random.uniform(0.5, 1.5))
        arms.append(arm.sums())
    shown = ShownExperiment.of(response(arms))
    said = next(sentences(shown, shown.readout((Metric.OUTPUT_TOKENS,), 0.95, 0.02)))
    assert re.fullmatch(r"candidate writes \d+ to \d+ % fewer output tokens than control\.", said), (
        "nothing else is compared"
    )


def test_where_nothing_is_certain_it_says_what_is_needed() -> None:
    shown = ShownExperiment.of(response(sums(0.2, 0.2, calls=400)))
    said = list(sentences(shown, shown.readout((Metric.ABSTAINED,), 0.95, 0.02)))
    assert said[0] == "Nothing that is compared can be told apart yet between candidate and control."
    assert said[1].startswith("About ")
    assert said[1].endswith(
        "more users until a difference of 2 points in abstained would be told apart with 90 % probability."
    )


def test_of_metrics_that_are_left_out_nothing_is_said() -> None:
    shown = ShownExperiment.of(response(sums(0.2, 0.1)))
    said = next(sentences(shown, shown.readout((Metric.ABSTAINED, Metric.LATENCY_MS), 0.95, 0.02)))
    assert said.endswith("than control; nothing else that is compared can be told apart yet.")


def test_after_the_end_no_more_units_are_promised() -> None:
    shown, found = read(sums(0.2, 0.2, calls=400))
    assert any("more users until" in each for each in sentences(shown, found))
    assert not any("more users until" in each for each in sentences(replace(shown, state="ended"), found))


@pytest.mark.parametrize("wrong", [{"mismatch": 1e-9}, {"units_elsewhere": 3}])
def test_what_cannot_be_trusted_is_not_said_to_hold(wrong: dict[str, Any]) -> None:
    shown, found = read(sums(0.2, 0.1))
    assert any("hold together" in each for each in sentences(shown, found))
    assert not any("hold together" in each for each in sentences(shown, replace(found, **wrong)))


def test_it_says_when_a_guard_ends_an_arm_that_is_worse() -> None:
    few, many = ([*sentences(*read(sums(0.2, 0.2, calls=calls)))] for calls in (400, 40_000))
    guarded = "more users until the guard on abstained would end an arm that is 2 points worse than it tolerates"
    assert sum(guarded in sentence for sentence in few) == 1
    assert not any(guarded in sentence for sentence in many)


def test_an_experiment_without_calls_says_so() -> None:
    assert list(sentences(*read([]))) == ["No call is counted yet."]


def test_an_arm_that_a_guard_has_ended_says_why() -> None:
    end = ArmEnd("candidate", START, "", Metric.ABSTAINED, "abstained was 30 %, where the control's was 20 %")
    said = list(sentences(*read(sums(0.2, 0.3), end)))
    assert (
        "candidate was ended by its guard on 2026-01-05 at 00:00 UTC: abstained was 30 %, where the control's was 20 %."
    ) in said
    assert not any("more users" in sentence for sentence in said)


def test_cautions_say_what_figures_do_not() -> None:
    assert not list(cautions(*read(sums(0.2, 0.2))))
    control, candidate = sums(0.2, 0.2)
    lost = replace(candidate, units=3_000, units_elsewhere=7)
    said = list(cautions(*read([control, lost])))
    assert any("do not fall into the arms as the weights say" in each for each in said)
    assert any("7 users were in several arms" in each for each in said)
    assert sum("too few users" in each for each in cautions(*read(sums(0.2, 0.2, calls=20)))) == 2


def _shown_lines(arms: Sequence[ArmSums], monkeypatch: pytest.MonkeyPatch, width: int = 140) -> list[str]:
    console = Terminal(width=width)
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(show_table, "Terminal", lambda **_: console)
    with console.capture() as captured:
        print_readout(*read(arms))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_terminal_shows_each_arm_beside_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _shown_lines(sums(0.2, 0.1), monkeypatch)
    text = "\n".join(lines)
    assert lines[0].startswith("shorter-prompt on default: running")
    (row,) = (line for line in lines if line.startswith("abstained "))
    assert "−13.1 to −6.7 points" in row
    assert re.search(r"^users +4,000 +4,000$", text, re.MULTILINE)
    # What never happened is left out.
    assert "queued" not in text


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(60, "interval, relative, more users"), (80, "interval, relative"), (100, "relative"), (120, ""), (140, "")],
)
def test_columns_are_left_out_before_cells_are_wrapped(
    monkeypatch: pytest.MonkeyPatch, width: int, left_out: str
) -> None:
    arms = sums(0.2, 0.1)
    lines = _shown_lines(arms, monkeypatch, width)
    table = lines[lines.index("") :]
    assert all(len(line) <= width for line in lines)
    assert any(re.match(r"abstained +19\.9 % +10\.0 % ", line) for line in table)
    text = " ".join(lines)
    assert ("This terminal is too narrow for: " in text) is bool(left_out)
    assert f"too narrow for: {left_out}. --csv and --html have all." in text or not left_out
    if width >= 80:
        # No cell continues on a line of its own.
        assert not any(line.startswith(" ") and not line.strip().startswith("control") for line in table)


def test_what_does_not_differ_at_all_is_none() -> None:
    same = IntervalEstimate(0.0, 0.0, 0.0)
    assert (difference_of(Metric.INPUT_TOKENS, same), percent_of(same)) == ("none", "none")
    assert difference_of(Metric.INPUT_TOKENS, IntervalEstimate(0.0, -2.0, 2.0)) == "−2 to +2"


def test_a_script_reads_values_between_tabs(groundwire_command: Command, results_address: str) -> None:
    ran = groundwire_command("experiments", "show", "shorter-prompt", "--server", results_address)
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert ran.code == 0
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert {row[0] for row in rows} == {"control", "candidate"}
    assert "candidate answers" in ran.err


def test_everything_is_one_json_object(groundwire_command: Command, results_address: str) -> None:
    ran = groundwire_command("experiments", "show", "shorter-prompt", "--json", "--server", results_address)
    found = json.loads(ran.out)
    abstained = found["arms"][1]["metrics"]["abstained"]
    assert abstained["told_apart"] is True
    assert abstained["difference"]["high"] < 0
    assert found["sentences"][0].startswith("candidate answers")
    assert found["cautions"] == []
    # JSON has no word for what is unbounded.
    assert "Infinity" not in ran.out


def test_a_table_of_comma_separated_values(groundwire_command: Command, results_address: str) -> None:
    ran = groundwire_command(
        "experiments", "show", "shorter-prompt", "--csv", "--metric", "abstained", "--server", results_address
    )
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [(row["arm"], row["metric"]) for row in rows] == [("control", "abstained"), ("candidate", "abstained")]
    assert float(rows[1]["difference_high"]) < 0
    assert rows[0]["difference"] == ""


def test_a_page_is_written(groundwire_command: Command, results_address: str, tmp_path: Path) -> None:
    file = tmp_path / "readout.html"
    ran = groundwire_command("experiments", "show", "shorter-prompt", "--html", str(file), "--server", results_address)
    page = file.read_text(encoding="utf-8")
    assert ran.code == 0
    assert "shorter-prompt on default" in page
    assert "told apart" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    missing = groundwire_command(
        "experiments",
        "show",
        "shorter-prompt",
        "--html",
        str(tmp_path / "none" / "x.html"),
        "--server",
        results_address,
    )
    assert missing.code == 4
    assert "cannot be written" in missing.err


@pytest.mark.parametrize("arms", [[], sums(0.2, 0.2, calls=1), sums(0.0, 1.0, calls=40)])
def test_a_page_is_drawn_of_whatever_there_is(arms: Sequence[ArmSums]) -> None:
    page = readout_page(*read(arms))
    assert "nan" not in page
    assert "inf" not in page.replace("info", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--metric", "speed"), "--metric speed: there is none of this name; there are answered, abstained"),
        (("--json", "--csv"), "--json and --csv exclude each other"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    groundwire_command: Command, results_address: str, arguments: Sequence[str], says: str
) -> None:
    ran = groundwire_command("experiments", "show", "shorter-prompt", *arguments, "--server", results_address)
    assert ran.code == 2
    assert says in ran.err


def test_an_experiment_that_is_not_there(groundwire_command: Command, results_address: str) -> None:
    ran = groundwire_command("experiments", "show", "unknown", "--server", results_address)
    assert ran.code == 4
    assert "no such experiment" in ran.err


def test_a_definition_of_a_newer_server_is_named(
    groundwire_command: Command, results_service: WithResults, results_address: str
) -> None:
    results_service.response.experiment.definition = "name: shorter-prompt\nsomething_new: true\n"
    ran = groundwire_command("experiments", "show", "shorter-prompt", "--server", results_address)
    assert ran.code == 4
    assert "it is of a newer server" in ran.err
