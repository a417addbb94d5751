"""Questions that are answered later: how much waits, for how long, and what becomes of the attempts."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from deploy.grafana.parts import ROUTE, Query, board, lines, number, rate, share

_ACCEPTED: Final = "groundwire_queue_accepted_total"
_ATTEMPTS: Final = "groundwire_queue_attempts_total"

BOARD: Final = board(
    "groundwire-queue",
    "groundwire: queue",
    "Do questions that are answered later get their answers? How much waits is of all routes.",
    number(
        "Waiting",
        "Questions that wait for a worker, or for their next attempt.",
        "none",
        "max(groundwire_queue_waiting)",
    ),
    number(
        "Oldest",
        "How long the oldest question that waits has waited.",
        "s",
        "max(groundwire_queue_oldest_age_seconds)",
        warn=300,
        bad=1800,
    ),
    number("Running", "Questions that workers are answering.", "none", "sum(groundwire_queue_running)"),
    number(
        "Halted",
        "Questions whose attempts are used up: `groundwire operations halted` lists them, and an operator may requeue "
        "them before their time is over.",
        "none",
        "max(groundwire_queue_halted)",
        warn=1,
        bad=10,
    ),
    number("Accepted", "Questions that were accepted for later, per second.", "reqps", rate(_ACCEPTED, where=ROUTE)),
    number(
        "Answered",
        "Share of attempts that brought an answer.",
        "percentunit",
        share(_ATTEMPTS, 'groundwire_result="COMPLETED"', where=ROUTE),
    ),
    lines(
        "How much waits",
        "Questions that wait, those that are being answered and those whose attempts are used up. A line of those that "
        "wait that only grows means that there are too few workers, or that a model is away.",
        "none",
        Query("max(groundwire_queue_waiting)", "waiting"),
        Query("sum(groundwire_queue_running)", "running"),
        Query("max(groundwire_queue_halted)", "halted"),
        Query("max(groundwire_queue_oldest_age_seconds)", "age of the oldest"),
    ).override_by_regexp(
        "/^age/", [DynamicConfigValue("unit", "s"), DynamicConfigValue("custom.axisPlacement", "right")]
    ),
    lines(
        "Attempts",
        "Attempts per second, by what became of them. RELEASED ones waited for a limit, for money or for another "
        "process; LOST ones were at an operation that was cancelled, or that another worker had taken up.",
        "reqps",
        Query(rate(_ATTEMPTS, "groundwire_result", ROUTE), "{{groundwire_result}}"),
        stacked=True,
    ),
    lines(
        "Accepted by cause",
        "Questions accepted per second, by why they could not be answered at once; those that were submitted have no "
        "cause.",
        "reqps",
        Query(rate(_ACCEPTED, "groundwire_cause", ROUTE), "{{groundwire_cause}}"),
        stacked=True,
    ),
    route=True,
)
