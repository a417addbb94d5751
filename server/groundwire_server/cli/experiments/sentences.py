"""A readout in plain sentences: what is certain, what is not yet, and what to be careful of."""

from collections.abc import Iterator
from math import isfinite
from typing import Final

from groundwire_server.cli.experiments.figures import NAMES, UNITS, amount, is_share
from groundwire_server.cli.experiments.results import ShownExperiment
from groundwire_server.domain.experiments.estimates import IntervalEstimate
from groundwire_server.domain.experiments.experiment import HOLDOUT, Metric
from groundwire_server.domain.experiments.guard_check import units_until_ended
from groundwire_server.domain.experiments.readout import ArmReadout, MetricReadout, Readout
from groundwire_server.domain.experiments.sample_ratio import ALARM

_VERBS: Final = {
    Metric.ANSWERED: "answers",
    Metric.ABSTAINED: "abstains",
    Metric.DEGRADED: "degrades",
    Metric.FAILED_SAFE: "fails safe",
    Metric.BLOCKED: "blocks",
    Metric.QUEUED: "queues",
    Metric.IN_REVIEW: "sends to review",
    Metric.VERIFIED: "gives verified answers",
    Metric.MALFORMED: "writes malformed output",
    Metric.REPAIRED: "repairs",
    Metric.FEEDBACK: "gets feedback",
}

_TOKENS: Final = {
    Metric.INPUT_TOKENS: "reads {} input tokens",
    Metric.CACHED_INPUT_TOKENS: "reads {} cached input tokens",
    Metric.OUTPUT_TOKENS: "writes {} output tokens",
}

_ALWAYS: Final = frozenset(Metric) - {Metric.NEGATIVE}
"""The metrics that each arm with calls has."""

_OF_THESE: Final = " that is compared"
_ENDED: Final = "ended"


def sentences(shown: ShownExperiment, found: Readout) -> Iterator[str]:
    """Yield what a readout says, the most important first."""
    if not any(arm.calls for arm in found.arms):
        yield "No call is counted yet."
        return
    control = found.arms[0].arm
    for arm in found.arms[1:]:
        if arm.arm != HOLDOUT:
            yield _compared(arm, control)
    if shown.state != _ENDED:
        yield from _needed(shown, found)
        yield from _guarded(shown, found)
    for end in shown.experiment.ended_arms:
        by = "by its guard" if not end.actor else "by a person"
        yield f"{end.arm} was ended {by} on {end.at:%Y-%m-%d at %H:%M} UTC{f': {end.reason}' if end.reason else ''}."
    if found.mismatch < ALARM or found.units_elsewhere:
        return
    percent = f"{100 * found.confidence:g} %"
    yield f"All differences hold together with {percent} confidence, whenever and however often they are looked at."


def cautions(shown: ShownExperiment, found: Readout) -> Iterator[str]:
    """Yield what the figures do not say."""
    if found.mismatch < ALARM:
        yield (
            "Caution: units do not fall into the arms as the weights say "
            f"(p = {found.mismatch:.1g}). Something loses calls of one arm: find it before you trust any difference."
        )
    if found.units_elsewhere:
        yield (
            f"Caution: {found.units_elsewhere:,} {_units(shown)} were in several arms, which no experiment does by "
            "itself: was one of the same name begun anew on restored records?"
        )
    for arm in found.arms:
        if arm.calls and not _bounded(arm):
            yield (
                f"{arm.arm} has calls of too few {_units(shown)} for intervals: 30 are needed that count equally, and "
                "one with most of the calls counts for few."
            )


def _compared(arm: ArmReadout, control: str) -> str:
    told = [words for each in arm.metrics if (words := _told(each))]
    # Some may be left out on purpose: of those nothing is known.
    some = _ALWAYS - {each.metric for each in arm.metrics}
    if not told:
        return f"Nothing{_OF_THESE if some else ''} can be told apart yet between {arm.arm} and {control}."
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    if some and len(told) == len(arm.metrics):
        return f"{arm.arm} {listed} than {control}."
    return f"{arm.arm} {listed} than {control}; nothing else{_OF_THESE if some else ''} can be told apart yet."


def _told(row: MetricReadout) -> str:
    """Return what is certain of a metric; empty where nothing is."""
    found = row.difference
    if found is None or not found.tells:
        return ""
    metric, more = row.metric, found.low > 0
    if metric in _VERBS:
        return f"{_VERBS[metric]} {_between(metric, found)} points {'more' if more else 'less'} often"
    if metric is Metric.NEGATIVE:
        return f"gets {_between(metric, found)} points {'more' if more else 'less'} negative feedback"
    if metric is Metric.LATENCY_MS:
        return f"takes {_between(metric, found)} ms {'longer' if more else 'less'} on average"
    if metric is Metric.P95:
        return f"needs {_between(metric, found)} ms {'more' if more else 'less'} for 95 % of its calls"
    # Of amounts a share says more than the amount.
    share = row.relative
    if share is not None and share.tells and isfinite(share.high):
        ends = sorted(abs(100 * end) for end in (share.low, share.high))
        by = f"{ends[0]:.0f} to {ends[1]:.0f} %"
    else:
        by = _between(metric, found)
    if metric in _TOKENS:
        return _TOKENS[metric].format(f"{by} {'more' if more else 'fewer'}")
    return f"costs {by} {'more' if more else 'less'}{'' if by.endswith('%') else ' for 1,000 calls'}"


def _between(metric: Metric, found: IntervalEstimate) -> str:
    least, most = sorted((abs(found.low), abs(found.high)))
    return (
        f"{amount(metric, least)} to {amount(metric, most)}" if isfinite(most) else f"at least {amount(metric, least)}"
    )


def _needed(shown: ShownExperiment, found: Readout) -> Iterator[str]:
    """Yield how many more units are needed, for the metric of the first guard or the first that is compared."""
    guarded = [guard.metric for guard in shown.experiment.guards if is_share(guard.metric)]
    metric = next((each for each in (*guarded, Metric.ABSTAINED) if found.arms[0].of(each) is not None), None)
    rows = [row for arm in found.arms[1:] if not arm.ended and metric and (row := arm.of(metric)) is not None]
    needed = [row.more_units for row in rows if row.difference is not None]
    if metric is None or not needed or None in needed:
        return
    most = max(each for each in needed if each is not None)
    about = f"a difference of {100 * found.effect:g} points in {NAMES[metric]}"
    if most:
        yield f"About {_rounded(most):,} more {_units(shown)} until {about} would be told apart with 90 % probability."
    else:
        yield f"There are enough {_units(shown)} to tell {about}."


def _guarded(shown: ShownExperiment, found: Readout) -> Iterator[str]:
    """Yield when the first guard with an absolute bound on a share ends an arm that is worse than it tolerates."""
    guards = (each for each in shown.experiment.guards if is_share(each.metric) and not each.relative)
    guard = next(guards, None)
    if guard is None:
        return
    more = units_until_ended(shown.experiment, guard, shown.arms, found.effect)
    if not more:
        return
    yield (
        f"About {_rounded(more):,} more {_units(shown)} until the guard on {NAMES[guard.metric]} would end an arm that "
        f"is {100 * found.effect:g} points worse than it tolerates, with 90 % probability."
    )


def _bounded(arm: ArmReadout) -> bool:
    return any(
        isfinite(row.value.high) and row.value.high - row.value.low < 1 for row in arm.metrics if is_share(row.metric)
    )


def _rounded(count: int) -> int:
    """Return a count with two digits that matter."""
    step = int(10 ** max(len(str(count)) - 2, 0))
    return -(-count // step) * step


def _units(shown: ShownExperiment) -> str:
    return UNITS[shown.experiment.unit]
