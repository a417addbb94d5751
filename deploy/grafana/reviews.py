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
    number(
        "Not approved",
        "Share of the decided reviews, on which callers waited, that were edited or rejected.",
        "percentunit",
        share(_ENDED, 'groundwire_review_decision=~"EDITED|REJECTED"', where=_APPROVALS),
        warn=0.2,
        bad=0.5,
    ),
    number(
        "Samples lost",
        "Share of the drawn samples that could not be kept.",
        "percentunit",
        share("groundwire_review_samples_total", 'groundwire_result!="kept"', where=ROUTE),
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
        width=12,
    ),
    lines(
        "Opened by trigger",
        "Reviews opened per second, by what sent the answer for review.",
        "reqps",
        Query(rate(_OPENED, "groundwire_review_trigger", ROUTE), "{{groundwire_review_trigger}}"),
        stacked=True,
        width=12,
    ),
    lines(
        "Ended",
        "Reviews ended per second, by how. Many that are edited or rejected say that the route lets too much through "
        "to reviewers, or that a model has become worse.",
        "reqps",
        Query(rate(_ENDED, "groundwire_review_decision", ROUTE), "{{groundwire_review_decision}}"),
        stacked=True,
        width=12,
    ),
    lines(
        "How long decisions take",
        "Time from the opening of a review to its decision.",
        "s",
        Query(percentile(50, "groundwire_review_duration_seconds", where=ROUTE), "median"),
        Query(percentile(95, "groundwire_review_duration_seconds", where=ROUTE), "95th percentile"),
        width=12,
    ),
    route=True,
)
