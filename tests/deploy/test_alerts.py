"""Each alert fires when it should and not when it should not, and says what an operator needs.

`promtool` evaluates the rules over made-up series, a value a minute. It comes with Prometheus (`apt-get install
prometheus`); where it is not on PATH these tests are skipped.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.deploy.promql import RULES, alerts

PROMTOOL = shutil.which("promtool")
installed = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on PATH: apt-get install prometheus")
ALERTS = alerts()
CALLS: Final = 'rpc_server_call_duration_seconds_count{{rpc_method="groundwire.v1.X/Y",rpc_response_status_code="{}"}}'
ANSWERS: Final = 'groundwire_answers_total{{groundwire_route="faq",groundwire_outcome="{}"}}'
MODEL: Final = (
    'gen_ai_client_operation_duration_seconds_count{{gen_ai_operation_name="chat",gen_ai_request_model="m",'
    'error_type="{}"}}'
)
STORE: Final = 'db_client_operation_duration_seconds_count{{db_system_name="weaviate",error_type="{}"}}'
CIRCUIT: Final = 'groundwire_circuit_open{groundwire_dependency="chat m"}'
READY: Final = 'groundwire_model_ready{groundwire_dependency="chat m"}'
FAILURES: Final = 'groundwire_dependency_failures_total{groundwire_dependency="chat m"}'
COST: Final = 'groundwire_cost_total{groundwire_usage_currency="USD"}'
TRACES: Final = 'groundwire_telemetry_dropped_total{groundwire_signal="traces"}'
REFUSED: Final = 'groundwire_calls_refused_total{instance="server:9464",groundwire_limit="calls"}'
SERVER: Final = 'up{job="groundwire",instance="server:9464"}'
ANSWER_SECONDS: Final = "groundwire_answer_duration_seconds"
FIRST_TEXT_SECONDS: Final = "groundwire_answer_time_to_first_text_seconds"
LAG_SECONDS: Final = "groundwire_event_loop_lag_seconds"
OF_FAQ: Final = 'groundwire_route="faq"'
OF_SERVER: Final = 'instance="server:9464"'
FAQ: Final = {"groundwire_route": "faq"}
CHAT: Final = {"gen_ai_operation_name": "chat", "gen_ai_request_model": "m"}


@dataclass(frozen=True)
class Case:
    """Series, and whether an alert fires over them.

    Attributes:
        alert: its name.
        given: the series, in promtool's notation.
        minute: when the alert is looked at.
        says: the description of the alert that fires; empty where none does.
        labels: what it fires for.
    """

    alert: str
    given: dict[str, str]
    minute: int
    says: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def series(pattern: str, values: dict[str, str]) -> dict[str, str]:
    """A series for each value of the label that a pattern leaves open."""
    return {pattern.format(label): each for label, each in values.items()}


def buckets(histogram: str, labels: str, below: str, within: str) -> dict[str, str]:
    """Ten events a minute between two bounds."""
    values = {below: "0x60", within: "0+10x60", "+Inf": "0+10x60"}
    made = {f'{histogram}_bucket{{{labels},le="{bound}"}}': value for bound, value in values.items()}
    return {**made, f"{histogram}_count{{{labels}}}": "0+10x60"}


def slots(waiting: int) -> dict[str, str]:
    """A limiter whose four slots are in use."""
    values = {"waiting": waiting, "used": 4, "limit": 4}
    return {f'groundwire_slots_{name}{{groundwire_limiter="cloud"}}': f"{value}x60" for name, value in values.items()}


HALTED = "groundwire_queue_halted"
OLDEST = "groundwire_queue_oldest_age_seconds"
OLDEST_REVIEW = "groundwire_reviews_oldest_age_seconds"
ENDED_ARMS = 'groundwire_experiment_arms_ended_total{groundwire_experiment_guard_metric="ABSTAINED"}'
RESULTS_WAIT = "groundwire_experiment_unwritten_age_seconds"
RESULTS_LOST = "groundwire_experiment_results_dropped_total"

FIRES = [
    Case(
        "GroundwireDown",
        {SERVER: "1 1 0x20"},
        5,
        "The page of metrics of server:9464 has not been read for two minutes. The server has stopped, hangs or cannot "
        "be reached.",
        {"job": "groundwire", "instance": "server:9464"},
    ),
    Case(
        "GroundwireDown",
        {},
        5,
        "The page of metrics of the server has not been read for two minutes. The server has stopped, hangs or cannot "
        "be reached.",
        {"job": "groundwire"},
    ),
    Case(
        "GroundwireCallsFailing",
        series(CALLS, {"OK": "0+90x90", "UNAVAILABLE": "0+10x90"}),
        70,
        "10% of the calls of the last hour ended with a status that is the server's fault.",
    ),
    Case(
        "GroundwireCallsFailingSlowly",
        series(CALLS, {"OK": "0+95x420", "INTERNAL": "0+5x420"}),
        400,
        "5% of the calls of the last six hours ended with a status that is the server's fault.",
    ),
    Case(
        "GroundwireCallsRefused",
        {REFUSED: "0+120x60"},
        20,
        'The limit "calls" refuses 2.0 calls a second before they are served.',
        {"instance": "server:9464", "groundwire_limit": "calls"},
    ),
    Case(
        "GroundwireAnswersFailSafe",
        series(ANSWERS, {"Answered": "0+9x60", "FailedSafe": "0+1x60"}),
        20,
        "10% of outcomes on this route failed safe in the last 10 minutes.",
        FAQ,
    ),
    Case(
        "GroundwireAnswersDegraded",
        series(ANSWERS, {"Answered": "0+6x90", "Degraded": "0+4x90"}),
        60,
        "40% of outcomes on this route came from a fallback, were cut short or are only passages.",
        FAQ,
    ),
    Case(
        "GroundwireAnswersAbstained",
        series(ANSWERS, {"Answered": "0+9x1500 13504+4x90", "Abstained": "0+1x1500 1506+6x90"}),
        1580,
        "60% of the questions of the last hour were not answered by the documents, more than twice as many as in the "
        "day before.",
        FAQ,
    ),
    Case(
        "GroundwireAnswersAbstained",  # none did on the day before
        series(ANSWERS, {"Answered": "0+10x1500 15004+4x90", "Abstained": "_x1500 0+6x90"}),
        1570,
        "60% of the questions of the last hour were not answered by the documents, more than twice as many as in the "
        "day before.",
        FAQ,
    ),
    Case(
        "GroundwireAnswersSlow",
        buckets(ANSWER_SECONDS, OF_FAQ, "10.24", "20.48"),
        30,
        "One of 20 answers takes longer than 19.97s.",
        FAQ,
    ),
    Case(
        "GroundwireFirstTextSlow",
        buckets(FIRST_TEXT_SECONDS, OF_FAQ, "5.12", "10.24"),
        30,
        "For one of 20 answers the first text takes longer than 9.984s.",
        FAQ,
    ),
    Case(
        "GroundwireSlotsExhausted",
        slots(waiting=3),
        15,
        "All its slots have been in use for ten minutes, and 3 calls wait.",
        {"groundwire_limiter": "cloud"},
    ),
    Case(
        "GroundwireEventLoopLag",
        buckets(LAG_SECONDS, OF_SERVER, "0.25", "0.5"),
        30,
        "Every hundredth timer is more than 497.5ms late, and so is every call.",
        {"instance": "server:9464"},
    ),
    Case(
        "GroundwireModelFailing",
        series(MODEL, {"": "0+6x60", "MODEL_UNAVAILABLE": "0+4x60"}),
        20,
        "40% of its chat calls fail.",
        CHAT,
    ),
    Case(
        "GroundwireModelNotReady",
        {READY: "1 0x40"},
        20,
        "Its server has been down, or loading it, for fifteen minutes.",
        {"groundwire_dependency": "chat m"},
    ),
    Case(
        "GroundwireCircuitOpen",
        {CIRCUIT: "0 1 1 0.5 1 1 0.5 1 1 1 1 1", FAILURES: "0+2x20"},
        8,
        "It has not been asked for five minutes, because its calls kept failing.",
        {"groundwire_dependency": "chat m"},
    ),
    Case(
        "GroundwireStoreFailing",
        series(STORE, {"": "0+8x30", "SLOW": "0+2x30"}),
        10,
        "20% of its calls fail. Without it no question is answered.",
        {"db_system_name": "weaviate"},
    ),
    Case(
        "GroundwireCostJump",
        {COST: "0+0.01x1500 15.2+0.2x90"},
        1580,
        "The last hour cost 12.00 USD, more than three times an average hour of the day before.",
        {"groundwire_usage_currency": "USD"},
    ),
    Case(
        "GroundwireCostOverBudget",
        {COST: "0+0.1x1500"},
        1500,
        "The last 24 hours cost 144.00 USD.",
        {"groundwire_usage_currency": "USD"},
    ),
    Case(
        "GroundwireQueueHalted",
        {HALTED: "0x5 2x20"},
        15,
        "2 questions wait for an operator. Without one they end unanswered with their time.",
    ),
    Case("GroundwireQueueWaitsLong", {OLDEST: "0+60x40"}, 25, "The oldest has waited for 25m 0s."),
    Case(
        "GroundwireReviewsWaitLong",
        {OLDEST_REVIEW: "0+600x40"},
        32,
        "The oldest has waited for 5h 20m 0s. Reviews that nobody decides in time expire.",
    ),
    Case(
        "GroundwireExperimentArmEnded",
        {ENDED_ARMS: "0x10 1x20"},
        12,
        "The arm was worse than its guard tolerates. Its users are answered by the route as it is; nothing else has to "
        "be done for them.",
        {"groundwire_experiment_guard_metric": "ABSTAINED"},
    ),
    Case(
        "GroundwireExperimentResultsWait",
        {RESULTS_WAIT: "0+60x40"},
        20,
        "The oldest has waited for 20m 0s. Guards do not see what is not written, and a process keeps a bounded number "
        "of results in memory.",
    ),
    Case(
        "GroundwireExperimentResultsLost",
        {RESULTS_LOST: "0x10 30x20"},
        15,
        "30 results were left out in 15 minutes, of all arms alike.",
    ),
    Case(
        "GroundwirePassagesDropped",
        {"groundwire_passages_dropped_total": "0x10 3x20"},
        15,
        "The server dropped 3 passages before anybody saw them. The store's access control is at fault.",
    ),
    Case(
        "GroundwireTelemetryDropped",  # a series that is new
        {TRACES: "_x10 58x20"},
        18,
        "58 items were dropped in 15 minutes. Boards and alerts may show too little.",
        {"groundwire_signal": "traces"},
    ),
    Case(
        "GroundwireTelemetryDropped",
        {TRACES: "0+6x60"},
        30,
        "90 items were dropped in 15 minutes. Boards and alerts may show too little.",
        {"groundwire_signal": "traces"},
    ),
]

QUIET = [
    Case("GroundwireDown", {SERVER: "1 0 1x20"}, 10),
    Case("GroundwireCallsFailing", series(CALLS, {"OK": "0+99x90", "INTERNAL": "0+1x90"}), 70),
    Case("GroundwireCallsFailing", series(CALLS, {"OK": "0+1x90", "INVALID_ARGUMENT": "0+9x90"}), 70),
    Case("GroundwireCallsFailing", series(CALLS, {"OK": "0+90x90", "INTERNAL": "0+10x60 600x30"}), 75),
    Case("GroundwireCallsFailingSlowly", series(CALLS, {"OK": "0+99x420", "INTERNAL": "0+1x420"}), 400),
    Case("GroundwireCallsRefused", {REFUSED: "0x10 3x60"}, 20),
    Case("GroundwireAnswersFailSafe", series(ANSWERS, {"Answered": "0+99x60", "FailedSafe": "0+1x60"}), 20),
    Case("GroundwireAnswersFailSafe", series(ANSWERS, {"FailedSafe": "0 1 2 3x60"}), 8),
    Case("GroundwireAnswersDegraded", series(ANSWERS, {"Answered": "0+9x90", "Degraded": "0+1x90"}), 60),
    Case("GroundwireAnswersAbstained", series(ANSWERS, {"Answered": "0+4x1600", "Abstained": "0+6x1600"}), 1580),
    Case("GroundwireAnswersAbstained", series(ANSWERS, {"Abstained": "0+6x50"}), 45),
    Case("GroundwireAnswersSlow", buckets(ANSWER_SECONDS, OF_FAQ, "2.56", "5.12"), 30),
    Case("GroundwireFirstTextSlow", buckets(FIRST_TEXT_SECONDS, OF_FAQ, "1.28", "2.56"), 30),
    Case("GroundwireSlotsExhausted", slots(waiting=0), 30),
    Case("GroundwireEventLoopLag", buckets(LAG_SECONDS, OF_SERVER, "0.001", "0.005"), 30),
    Case("GroundwireModelFailing", series(MODEL, {"": "0+9x60", "MODEL_TIMEOUT": "0+1x60"}), 20),
    Case("GroundwireModelFailing", series(MODEL, {"": "0+2x60", "MODEL_NOT_READY": "0+8x60"}), 20),
    Case("GroundwireModelNotReady", {READY: "1 0x12 1x20"}, 20),
    Case("GroundwireCircuitOpen", {CIRCUIT: "0x5 1 0.5 0x20", FAILURES: "0+2x30"}, 8),
    Case("GroundwireCircuitOpen", {CIRCUIT: "0 1 0.5x40", FAILURES: "0 6x40"}, 30),
    Case("GroundwireStoreFailing", series(STORE, {"": "0+99x30", "SLOW": "0+1x30"}), 10),
    Case("GroundwireCostJump", {COST: "0+0.2x1600"}, 1580),
    Case("GroundwireCostJump", {COST: "0+0.2x120"}, 100),
    Case("GroundwireCostOverBudget", {COST: "0+0.05x1500"}, 1500),
    Case("GroundwireQueueHalted", {HALTED: "0x10 1x3 0x20"}, 14),
    Case("GroundwireQueueWaitsLong", {OLDEST: "0+60x10 0x30"}, 25),
    Case("GroundwireReviewsWaitLong", {OLDEST_REVIEW: "0+600x22 0x30"}, 32),
    Case("GroundwireExperimentArmEnded", {ENDED_ARMS: "2x30"}, 20),
    Case("GroundwireExperimentResultsWait", {RESULTS_WAIT: "1x10 90x3 1x20"}, 16),
    Case("GroundwireExperimentResultsLost", {RESULTS_LOST: "7x30"}, 20),
    Case("GroundwirePassagesDropped", {"groundwire_passages_dropped_total": "0x60"}, 30),
    Case("GroundwireTelemetryDropped", {TRACES: "58x90"}, 60),
]


def named(case: Case) -> str:
    return f"{case.alert}-{case.minute}"


def expected(case: Case) -> list[dict[str, Any]]:
    """What promtool is to find: nothing, or the alert with all its labels and texts."""
    if not case.says:
        return []
    rule = ALERTS[case.alert]
    summary = re.sub(r"{{ \$labels\.(\w+) }}", lambda found: case.labels[found[1]], rule["annotations"]["summary"])
    texts = {**rule["annotations"], "summary": summary, "description": case.says}
    return [{"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": texts}]


@installed
@pytest.mark.process
@pytest.mark.parametrize("case", [*FIRES, *QUIET], ids=named)
def test_an_alert_fires_when_it_should_alone(case: Case, tmp_path: Path) -> None:
    assert PROMTOOL is not None
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.given.items()],
        "alert_rule_test": [
            {"eval_time": f"{case.minute}m", "alertname": case.alert, "exp_alerts": expected(case)},
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(path) for path in RULES], "evaluation_interval": "1m", "tests": [test]})
    )
    done = subprocess.run([PROMTOOL, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@installed
@pytest.mark.process
def test_prometheus_accepts_the_rules() -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "check", "rules", *RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_both_ways() -> None:
    assert {case.alert for case in FIRES} == {case.alert for case in QUIET} == set(ALERTS)
    assert all(case.says for case in FIRES)
    assert not any(case.says for case in QUIET)
