"""Experiments and recordings: arms that guards have ended, and results and recordings that were lost."""

from typing import Final

from deploy.grafana.parts import ROUTE, Query, board, lines, number, rate, share

_ENDED: Final = "groundwire_experiment_arms_ended_total"
_DROPPED: Final = "groundwire_experiment_results_dropped_total"
_UNWRITTEN: Final = "groundwire_experiment_unwritten_age_seconds"
_RECORDINGS: Final = "groundwire_recordings_total"
_LOST: Final = 'groundwire_result!="kept"'

BOARD: Final = board(
    "groundwire-experiments",
    "groundwire: experiments",
    "Has a guard ended an arm, and are results and recordings complete? Results of experiments are of all routes.",
    number(
        "Arms ended",
        "Arms of experiments that guards have ended within a day.",
        "none",
        f"sum(increase({_ENDED}[1d]))",
        warn=1,
    ),
    number(
        "Results wait",
        "How long the oldest result of a call in an experiment has waited that is not in the database.",
        "s",
        f"max({_UNWRITTEN})",
        warn=10,
        bad=60,
    ),
    number(
        "Results lost",
        "Results of calls in experiments that were left out within a day, because the database was away for long.",
        "none",
        f"sum(increase({_DROPPED}[1d]))",
        warn=1,
    ),
    number("Recorded", "Calls that were recorded, per second.", "reqps", rate(_RECORDINGS, where=ROUTE)),
    number(
        "Recordings lost",
        "Share of the calls drawn for a recording that could not be kept.",
        "percentunit",
        share(_RECORDINGS, _LOST, where=ROUTE),
        warn=0.01,
        bad=0.1,
    ),
    number(
        "Recordings dropped",
        "Calls drawn for a recording within a day that could not be kept.",
        "none",
        f"sum(increase({_RECORDINGS}{{{ROUTE}, {_LOST}}}[1d])) or vector(0)",
        warn=1,
    ),
    lines(
        "Arms ended, by guard",
        "Arms of experiments that guards have ended within an hour, by the metric that was worse than tolerated.",
        "none",
        Query(
            f"sum by (groundwire_experiment_guard_metric) (increase({_ENDED}[1h]))",
            "{{groundwire_experiment_guard_metric}}",
        ),
        width=12,
    ),
    lines(
        "How long results wait",
        "Age of the oldest result of a call in an experiment that is not in the database, by process. It is a second "
        "or two; more says that the database is away or slow.",
        "s",
        Query(f"max by (instance) ({_UNWRITTEN})", "{{instance}}"),
        width=12,
    ),
    lines(
        "Results left out",
        "Results of calls in experiments that were left out, per second: too many units waited for the database.",
        "cps",
        Query(rate(_DROPPED), "left out"),
        width=12,
    ),
    lines(
        "What becomes of recordings",
        "Calls drawn for a recording, per second, by what became of it: kept, no room because too many were on their "
        "way, too large, or unavailable because the database was.",
        "reqps",
        Query(rate(_RECORDINGS, "groundwire_result", ROUTE), "{{groundwire_result}}"),
        stacked=True,
        width=12,
    ),
    route=True,
)
