"""The first board to open: whether the service is well, and which board to open next."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from deploy.grafana.parts import ROUTE, WINDOW, Query, board, lines, number, percentile, rate, share

_CALLS: Final = "rpc_server_call_duration_seconds_count"
_OURS: Final = 'rpc_method=~"groundwire[.].*"'
_FAULTS: Final = 'rpc_response_status_code=~"UNKNOWN|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|DATA_LOSS"'
"""The statuses that are the server's fault; the others are their callers'."""

BOARD: Final = board(
    "groundwire-overview",
    "groundwire: overview",
    "Is the service well? Start here; the menu “Boards” leads to the details.",
    number(
        "Failed calls",
        "Share of calls that ended with a status that is the server's fault. An answer that failed safe is no failed "
        "call: see “Outcomes”. Calls of every route.",
        "percentunit",
        share(_CALLS, _FAULTS, where=_OURS),
        warn=0.001,
        bad=0.01,
    ),
    number("Answers", "Outcomes that left, per second.", "reqps", rate("groundwire_answers_total", where=ROUTE)),
    number(
        "Answered",
        "Share of outcomes that are a validated answer. The rest abstained, was degraded, was blocked or failed safe.",
        "percentunit",
        share("groundwire_answers_total", 'groundwire_outcome=~"Answered|Cached"', where=ROUTE),
    ),
    number(
        "Slowest 5 %",
        "95 of 100 answers took less time than this, from the arrival of the question to the outcome.",
        "s",
        percentile(95, "groundwire_answer_duration_seconds", where=ROUTE),
        warn=5,
        bad=10,
    ),
    number(
        "Open circuits",
        "Models and embedders that are not asked at the moment, because their calls kept failing.",
        "none",
        "sum(groundwire_circuit_open == bool 1)",
        warn=1,
        bad=2,
    ),
    number(
        "Alerts",
        "Alerts that are firing. Each has a page in the runbook: docs/runbook.",
        "none",
        'count(ALERTS{alertstate="firing", alertname=~"Groundwire.*"}) or vector(0)',
        warn=1,
        bad=2,
    ),
    lines(
        "Outcomes",
        "Outcomes per second, by kind. A growing share of FailedSafe or Degraded means that a model or a store fails.",
        "reqps",
        Query(rate("groundwire_answers_total", "groundwire_outcome", ROUTE), "{{groundwire_outcome}}"),
        stacked=True,
    ),
    lines(
        "Duration of answers",
        "Half, 95 % and 99 % of answers took less time. Points are single calls: a click leads to the trace.",
        "s",
        Query(percentile(50, "groundwire_answer_duration_seconds", where=ROUTE), "50 %"),
        Query(percentile(95, "groundwire_answer_duration_seconds", where=ROUTE), "95 %", exemplars=True),
        Query(percentile(99, "groundwire_answer_duration_seconds", where=ROUTE), "99 %"),
    ),
    lines(
        "Calls by status",
        "Calls of every method per second, by the status that they ended with. Refused are those that a limit held "
        "off before they were served.",
        "reqps",
        Query(rate(_CALLS, "rpc_response_status_code", _OURS), "{{rpc_response_status_code}}"),
        Query(rate("groundwire_calls_refused_total", "groundwire_limit"), "refused: {{groundwire_limit}}"),
        stacked=True,
    ),
    lines(
        "Failures of dependencies",
        "Failed calls of models, embedders and stores per second. Boards “models” and “retrieval” show more.",
        "reqps",
        Query(
            rate("groundwire_dependency_failures_total", "groundwire_dependency, error_type"),
            "{{groundwire_dependency}}: {{error_type}}",
        ),
    ),
    lines(
        "In flight",
        "Calls, streamed answers, and answers that are being written. Lines that only grow mean that work gets stuck.",
        "none",
        Query("sum(groundwire_calls_active)", "calls"),
        Query("sum(groundwire_streams_active)", "streams"),
        Query("sum(groundwire_runs_active)", "answers"),
    ),
    lines(
        "The process itself",
        "How late the event loop is for 99 % of its timers: above 0.1 s it delays every call. And telemetry that was "
        "dropped: where there is any, the other panels may show too little.",
        "s",
        Query(percentile(99, "groundwire_event_loop_lag_seconds"), "event loop lag, 99 %"),
        Query(
            f"sum by (groundwire_signal) (increase(groundwire_telemetry_dropped_total{WINDOW}))",
            "dropped {{groundwire_signal}}",
        ),
    ).override_by_regexp(
        "/^dropped/", [DynamicConfigValue("unit", "short"), DynamicConfigValue("custom.axisPlacement", "right")]
    ),
    route=True,
)
