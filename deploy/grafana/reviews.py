"""Answers that wait for a person: how many, for how long, and what persons decide."""

from typing import Final

from deploy.grafana.parts import ROUTE, Query, board, lines, number, percentile, rate, share

_OPENED: Final = "groundwire_reviews_opened_total"
_ENDED: Final = "groundwire_reviews_ended_total"
_APPROVALS: Final = f'{ROUTE},groundwire_review_kind="APPROVAL"'

BOARD: Final = board(
    "groundwire-reviews",
    "groundwire: reviews",
    "Do answers that wait for a person get a decision in time? How many wait is of all routes.",
    number(
        "Callers wait",
        "Reviews on whose decision a caller waits.",
        "none",
        'max(groundwire_reviews_open{groundwire_review_kind="APPROVAL"})',
    ),
    number(
        "Oldest",
        "How long the oldest of them has waited.",
        "s",
        "max(groundwire_reviews_oldest_age_seconds)",
        warn=3600,
        bad=14400,
    ),
    number(
        "Expired",
        "Share of the reviews on which callers waited that nobody decided in time.",
        "percentunit",
        share(_ENDED, 'groundwire_review_decision="EXPIRED"', where=_APPROVALS),
        warn=0.01,
        bad=0.1,
    ),
    number("Opened", "Reviews that were opened, per second.", "reqps", rate(_OPENED, where=ROUTE)),
    lines(
        "How many wait",
        "Reviews that wait for a decision: answers that callers wait for, samples of what has left, and blocks that "
        "are looked at afterwards.",
        "none",
        Query("max by (groundwire_review_kind) (groundwire_reviews_open)", "{{groundwire_review_kind}}"),
    ),
    lines(
        "Opened by trigger",
        "Reviews opened per second, by what sent the answer for review.",
        "reqps",
        Query(rate(_OPENED, "groundwire_review_trigger", ROUTE), "{{groundwire_review_trigger}}"),
        stacked=True,
    ),
    lines(
        "Ended",
        "Reviews ended per second, by how. Many that are edited or rejected say that the route lets too much through "
        "to reviewers, or that a model has become worse.",
        "reqps",
        Query(rate(_ENDED, "groundwire_review_decision", ROUTE), "{{groundwire_review_decision}}"),
        stacked=True,
    ),
    lines(
        "How long decisions take",
        "Time from the opening of a review to its decision.",
        "s",
        Query(percentile(50, "groundwire_review_duration_seconds", where=ROUTE), "median"),
        Query(percentile(95, "groundwire_review_duration_seconds", where=ROUTE), "95th percentile"),
    ),
    route=True,
)
