"""An experiment: the calls of a route, split over arms by a stable place of the unit behind each call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import auto
from typing import Final

from groundwire_server.domain.vocabulary import Word

HOLDOUT: Final = "holdout"
"""The arm of the units that are kept out of all experiments of their route."""

MERGED_SETTINGS: Final = frozenset({"limits", "thresholds", "release", "check", "fallbacks"})
"""Sections of a route of which an arm changes single keys, each of which is a dimension; the others change whole."""


class ExperimentUnit(Word):
    """What keeps its arm: everybody behind it gets the same."""

    END_USER = auto()
    TENANT = auto()
    SUBJECT = auto()


class ExperimentState(Word):
    """Whether an experiment assigns calls; SET_ASIDE where its arms do not fit the configuration."""

    SCHEDULED = auto()
    RUNNING = auto()
    ENDED = auto()
    SET_ASIDE = auto()


class Metric(Word):
    """Something that is compared between arms; shares are of calls, unless they say otherwise.

    The value of a metric is a sum over calls, divided by the number of calls. P95 is a quantile of the time until the
    outcome, NEGATIVE a share of the calls with feedback.
    """

    ANSWERED = auto()
    ABSTAINED = auto()
    DEGRADED = auto()
    FAILED_SAFE = auto()
    BLOCKED = auto()
    QUEUED = auto()
    IN_REVIEW = auto()
    VERIFIED = auto()
    MALFORMED = auto()
    REPAIRED = auto()
    LATENCY_MS = auto()
    COST_MICROS = auto()
    INPUT_TOKENS = auto()
    CACHED_INPUT_TOKENS = auto()
    OUTPUT_TOKENS = auto()
    FEEDBACK = auto()
    NEGATIVE = auto()
    P95 = auto()


class Direction(Word):
    """In which direction a metric gets worse."""

    RISES = auto()
    FALLS = auto()


@dataclass(frozen=True, slots=True)
class GuardMetric:
    """A bound on how much worse than the control an arm may be.

    Attributes:
        direction: in which the metric gets worse.
        bound: the worsening that is tolerated, at least 0: in the metric's unit, or as a share of the control's value.
        relative: which of the two.
    """

    metric: Metric
    direction: Direction
    bound: float
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to answer a route's calls.

    Attributes:
        weight: its share of the experiment's units, beside those of the others; they add up to 100.
        settings: of a route's section, in place of the route's own: the dimensions that the experiment varies. The
            control has none.
    """

    name: str
    weight: float
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RampStep:
    """A share of the units from a time on.

    Attributes:
        after_seconds: after the start.
        percent: 0 to 100.
    """

    after_seconds: float
    percent: float


@dataclass(frozen=True, slots=True)
class ArmEnd:
    """That an arm has ended.

    Attributes:
        actor: the subject that ended it; empty where a guard did.
        guard: the metric of that guard; None where a person did.
    """

    arm: str
    at: datetime
    actor: str
    guard: Metric | None
    reason: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it is kept.

    Attributes:
        route: whose calls it splits.
        unit: what keeps its arm.
        arms: the control first.
        ramp: the share of units over time, in order; the first step begins at 0 seconds.
        start: from when it assigns.
        end: from when it assigns no more; None without an end.
        guards: bounds that end an arm by themselves.
        error_rate: the highest probability that the guards end an arm that is not worse, over all guards and arms.
        definition: its file.
        etag: names this state.
        actor: who changed it last.
        ended_arms: those that have ended; an experiment has ended when no arm but the control is left.
    """

    name: str
    route: str
    unit: ExperimentUnit
    arms: tuple[Arm, ...]
    ramp: tuple[RampStep, ...]
    start: datetime
    definition: str
    end: datetime | None = None
    guards: tuple[GuardMetric, ...] = ()
    error_rate: float = 0.05
    etag: str = ""
    actor: str = ""
    ended_arms: tuple[ArmEnd, ...] = ()

    @property
    def control(self) -> Arm:
        """What the others are compared with: the route as it is."""
        return self.arms[0]

    @property
    def treatments(self) -> Sequence[Arm]:
        """The arms that are compared with the control."""
        return self.arms[1:]

    @property
    def open_treatments(self) -> Sequence[Arm]:
        """The treatments that have not ended."""
        ended = {each.arm for each in self.ended_arms}
        return [arm for arm in self.treatments if arm.name not in ended]

    @property
    def dimensions(self) -> frozenset[str]:
        """The settings that its arms change, such as `prompt` and `limits.top_k`."""
        return frozenset(each for arm in self.arms for each in _dimensions(arm.settings))

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, or is to end: with its last treatment, or by its time; None without an end."""
        if self.open_treatments:
            return self.end
        last = max(each.at for each in self.ended_arms)
        return last if self.end is None else min(last, self.end)

    def state(self, now: datetime) -> ExperimentState:
        """Return whether it assigns calls at a time, as far as it decides that itself."""
        if not self.open_treatments or (self.end is not None and self.end <= now):
            return ExperimentState.ENDED
        return ExperimentState.SCHEDULED if now < self.start else ExperimentState.RUNNING

    def percent(self, now: datetime) -> float:
        """Return the share of the units that it has at a time, 0 to 100."""
        if self.state(now) is not ExperimentState.RUNNING:
            return 0.0
        since = (now - self.start) / timedelta(seconds=1)
        return next((step.percent for step in reversed(self.ramp) if step.after_seconds <= since), 0.0)


def _dimensions(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in settings.items():
        if name in MERGED_SETTINGS and isinstance(value, Mapping):
            yield from (f"{name}.{key}" for key in value)
        else:
            yield name


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm that a call belongs to.

    Attributes:
        unit: what keeps the arm.
    """

    experiment: str
    arm: str
    unit: ExperimentUnit = ExperimentUnit.END_USER

    def __str__(self) -> str:
        return f"{self.experiment}/{self.arm}"


def arms_word(assignments: Sequence[Assignment]) -> str:
    """Return the arms of a call as reports have them, such as `shorter-prompt/candidate`; empty for none."""
    return ",".join(map(str, assignments))
