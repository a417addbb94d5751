"""The file that defines an experiment: read, with one line for each fault, and turned into an `Experiment`."""

import json
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError

from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.app.configuration.yaml_file import YamlFile, parse
from groundwire_server.app.experiments.settings import ArmSettings, refused_files
from groundwire_server.domain.experiments.estimates import AMOUNTS
from groundwire_server.domain.experiments.experiment import (
    HOLDOUT,
    Arm,
    Direction,
    Experiment,
    ExperimentUnit,
    GuardMetric,
    Metric,
    RampStep,
)
from groundwire_server.options import Options

EXAMPLE: Final = files("groundwire_server.app.experiments").joinpath("example.yaml")
"""The file that `groundwire experiments init` prints."""

MOST_BYTES: Final = 65_536
"""The longest file, in bytes of UTF-8."""

_ALL: Final = 100.0
_MOST_ARMS: Final = 8
_MOST_STEPS: Final = 32
_MOST_GUARDS: Final = 16
_HOUR: Final = 3600.0
_MOST_WORSENING: Final = 1e12
"""Of a guard: no metric of a call is larger."""
_MOST_RELATIVE: Final = 10.0
"""Who tolerates more guards nothing, and has most likely written percent."""
_MOST_ERROR: Final = 0.25
"""At one half a guard says nothing, and its margin is not defined."""
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9999
_MOST_HOURS: Final = 24.0 * 366
_ROUNDING: Final = 1e-3
"""How far weights may be from 100 in all: three arms of 33.3333 are right."""

_WORSE: Final = {
    **dict.fromkeys((Metric.ANSWERED, Metric.VERIFIED, Metric.CACHED_INPUT_TOKENS), Direction.FALLS),
    **dict.fromkeys(
        (
            Metric.ABSTAINED,
            Metric.DEGRADED,
            Metric.FAILED_SAFE,
            Metric.BLOCKED,
            Metric.QUEUED,
            Metric.IN_REVIEW,
            Metric.MALFORMED,
            Metric.REPAIRED,
            Metric.LATENCY_MS,
            Metric.P95,
            Metric.COST_MICROS,
            Metric.INPUT_TOKENS,
            Metric.OUTPUT_TOKENS,
            Metric.NEGATIVE,
        ),
        Direction.RISES,
    ),
}
"""In which direction each metric gets worse, unless a guard says otherwise; the others are neither good nor bad."""

_NO_SHARES: Final = AMOUNTS | {Metric.P95}


def _time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError("must be a time with its zone, such as 2026-12-01T09:00:00Z")
    # A year at the end of the calendar may be none in another zone.
    if not _FIRST_YEAR < time.year < _LAST_YEAR:
        raise ValueError(f"must be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return time


Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Time: TypeAlias = Annotated[datetime, BeforeValidator(_time)]


class ArmDefinition(Options):
    """One way to answer the route's calls."""

    name: Name = Field(description="Its name.")
    weight: float = Field(
        ge=0.01, lt=100, description="Its share of the units, in percent; those of all arms make 100."
    )
    settings: ArmSettings = Field(
        default_factory=ArmSettings, description="Settings of the route that it changes; the first arm changes none."
    )


class RampStepDefinition(Options):
    """A share of the units from a time on."""

    after_hours: float = Field(ge=0, le=_MOST_HOURS, description="Hours after the start.")
    percent: Percent = Field(description="The share of the units that are in the experiment, in percent.")


class GuardDefinition(Options):
    """A bound on how much worse than the control an arm may be."""

    metric: Metric = Field(description="What is compared.")
    direction: Direction | None = Field(
        None, description="In which direction it gets worse: RISES or FALLS; the usual one if unset."
    )
    absolute: float | None = Field(
        None, ge=0, le=_MOST_WORSENING, description="The worsening that is tolerated, in the metric's unit."
    )
    relative: float | None = Field(
        None, ge=0, le=_MOST_RELATIVE, description="The same, as a share of the control's value, such as 0.2 for 20 %."
    )


class ExperimentDefinition(Options):
    """A file that defines an experiment."""

    name: Name = Field(description="The experiment's name.")
    description: str = Field("", max_length=1024, description="What it is to show, for people.")
    route: Name = Field(description="The route whose calls it splits.")
    unit: ExperimentUnit = Field(
        ExperimentUnit.END_USER, description="What keeps its arm: END_USER, TENANT or SUBJECT."
    )
    arms: tuple[ArmDefinition, ...] = Field(
        min_length=1, max_length=_MOST_ARMS, description="The arms; the first is the control, the route as it is."
    )
    traffic: Percent | None = Field(
        None, description="The share of the units that are in the experiment, in percent; all if unset."
    )
    ramp: tuple[RampStepDefinition, ...] | None = Field(
        None, min_length=1, max_length=_MOST_STEPS, description="That share in steps, in place of `traffic`."
    )
    start: Time | None = Field(None, description="From when it assigns calls; from when it is applied if unset.")
    end: Time | None = Field(None, description="From when it assigns no more; open if unset.")
    guards: tuple[GuardDefinition, ...] = Field(
        (), max_length=_MOST_GUARDS, description="Bounds that end an arm by themselves."
    )
    error_rate: float = Field(
        0.05,
        ge=1e-6,
        le=_MOST_ERROR,
        description="The highest probability that the guards end an arm that is not worse, over all guards and arms.",
    )


def read_experiment(text: str, start: datetime, name: str = "definition") -> Experiment:
    """Return the experiment that a file defines.

    Args:
        text: of the file.
        start: of an experiment whose file names none.
        name: of the file, for messages.

    Raises:
        InvalidConfigurationError: with an error for each fault, which has its line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InvalidConfigurationError([ConfigError((), f"is larger than {MOST_BYTES} bytes", name)])
    file = parse(text, name)
    values: dict[str, Any] = schema_walk.without_empty_sections(file.values, ExperimentDefinition)
    try:
        # As JSON, in which words of enums and times are texts, and strictly: no value is converted.
        read = ExperimentDefinition.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as invalid:
        raise InvalidConfigurationError(_ordered(explained(invalid, ExperimentDefinition, file.origin), file)) from None
    start = read.start or start
    faults = [ConfigError(each.path, each.message, file.origin(each.path)) for each in _faults(read, values, start)]
    if faults:
        raise InvalidConfigurationError(_ordered(faults, file))
    return Experiment(
        name=read.name,
        route=read.route,
        unit=read.unit,
        arms=tuple(
            Arm(arm.name, arm.weight, given.get("settings") or {})
            for arm, given in zip(read.arms, values["arms"], strict=True)
        ),
        ramp=_steps(read),
        start=start,
        definition=text,
        end=read.end,
        guards=tuple(map(_guard, read.guards)),
        error_rate=read.error_rate,
    )


def _ordered(errors: list[ConfigError], file: YamlFile) -> list[ConfigError]:
    """Return errors in the order of the file's lines."""

    def line(error: ConfigError) -> int:
        path = error.path
        while path and path not in file.lines:
            path = path[:-1]
        return file.lines.get(path, 0)

    return sorted(errors, key=line)


def _faults(read: ExperimentDefinition, values: dict[str, Any], start: datetime) -> Iterator[ConfigError]:
    """Yield what is wrong between the keys, each of which is right by itself."""
    if len(read.arms) == 1:
        yield ConfigError(("arms",), "must have another arm beside the control, which is the first")
        return
    total = sum(arm.weight for arm in read.arms)
    if abs(total - _ALL) > _ROUNDING:
        yield ConfigError(("arms",), f"weights must add up to 100, and add up to {total:g}")
    first: dict[str, int] = {}
    for index, arm in enumerate(read.arms):
        here: Path = ("arms", index)
        settings = values["arms"][index].get("settings") or {}
        if arm.name in first:
            yield ConfigError((*here, "name"), f"arms[{first[arm.name]}] has this name too: name each arm once")
        first.setdefault(arm.name, index)
        if arm.name == HOLDOUT:
            yield ConfigError((*here, "name"), f"{HOLDOUT} names the units that are in no experiment: take another")
        if index == 0 and settings:
            yield ConfigError(
                (*here, "settings"),
                "the first arm is the control, the route as it is: move its settings to another arm",
            )
        yield from refused_files(settings, (*here, "settings"))
    if read.traffic is not None and read.ramp is not None:
        yield ConfigError(("traffic",), "cannot stand beside ramp: leave one of the two out")
    yield from _ramp_faults(read.ramp or ())
    if read.end is not None and read.end <= start:
        yield ConfigError(("end",), f"must be after the start, {start.isoformat(timespec='seconds')}")
    yield from _guard_faults(read.guards)


def _ramp_faults(ramp: tuple[RampStepDefinition, ...]) -> Iterator[ConfigError]:
    if ramp and ramp[0].after_hours:
        yield ConfigError(("ramp", 0, "after_hours"), "must be 0: the first step begins with the experiment")
    for index, (before, step) in enumerate(pairwise(ramp), 1):
        if step.after_hours <= before.after_hours:
            yield ConfigError(
                ("ramp", index, "after_hours"), f"must be above that of the step before, {before.after_hours:g}"
            )
        if step.percent < before.percent:
            yield ConfigError(
                ("ramp", index, "percent"),
                f"must be at least that of the step before, {before.percent:g}: a ramp that falls drops units again",
            )


def _guard_faults(guards: tuple[GuardDefinition, ...]) -> Iterator[ConfigError]:
    known: set[tuple[Metric, Direction | None]] = set()
    for index, guard in enumerate(guards):
        here: Path = ("guards", index)
        if (guard.absolute is None) is (guard.relative is None):
            yield ConfigError(here, "must have one bound, absolute or relative")
        elif guard.absolute is not None and guard.absolute >= 1 and guard.metric not in _NO_SHARES:
            said = "would never end an arm: shares go from 0 to 1, so that 0.02 is 2 points"
            yield ConfigError((*here, "absolute"), said)
        direction = guard.direction or _WORSE.get(guard.metric)
        if direction is Direction.FALLS and guard.relative is not None and guard.relative >= 1:
            yield ConfigError(
                (*here, "relative"), "would never end an arm: nothing falls by more than all of it, and 0.2 is 20 %"
            )
        if direction is None:
            yield ConfigError(here, f"must have a direction: {guard.metric} is neither good nor bad by itself")
        elif (guard.metric, direction) in known:
            yield ConfigError((*here, "metric"), "is guarded already: leave one of the two out")
        known.add((guard.metric, direction))


def _steps(read: ExperimentDefinition) -> tuple[RampStep, ...]:
    if read.ramp is None:
        return (RampStep(0.0, _ALL if read.traffic is None else read.traffic),)
    return tuple(RampStep(step.after_hours * _HOUR, step.percent) for step in read.ramp)


def _guard(guard: GuardDefinition) -> GuardMetric:
    direction = guard.direction or _WORSE[guard.metric]
    if guard.relative is not None:
        return GuardMetric(guard.metric, direction, guard.relative, relative=True)
    return GuardMetric(guard.metric, direction, guard.absolute or 0.0)
