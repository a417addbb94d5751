"""Rules of a route that choose its models before the first is asked."""

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Final, Self, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.routing import Hours, RoutingCondition, RoutingRule
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.options import Options

_TASK: Final = "^[a-z][a-z0-9_-]{0,63}$"
_TIME: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_LONGEST_QUESTION: Final = 4096


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone that this system knows: use one such as UTC or Europe/Berlin") from None
    return name


def _of_the_day(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("must be a time from 00:00 to 23:59, such as 08:00")
    return text


TimeOfDay: TypeAlias = Annotated[str, AfterValidator(_of_the_day)]
EndUser: TypeAlias = Annotated[str, Field(min_length=1)]
_Value = TypeVar("_Value")
Task: TypeAlias = Annotated[str, Field(pattern=_TASK)]


class LengthConfig(Options):
    """Lengths of a question, in code points."""

    min: int = Field(1, ge=1, le=_LONGEST_QUESTION, description="Shortest question.")
    max: int | None = Field(
        None, ge=1, le=_LONGEST_QUESTION, description="Longest question; unlimited if unset.", examples=[80]
    )

    @model_validator(mode="after")
    def _holds_some(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("can never hold: min is above max")
        return self


class HoursConfig(Options):
    """A time of the day. One that ends when it begins, or earlier, ends on the next day."""

    start: TimeOfDay = Field(description="When it begins.", examples=["08:00"])
    end: TimeOfDay = Field(
        description="When it ends; on the next day where it is not after `start`: 00:00 to 00:00 is a whole day.",
        examples=["18:00"],
    )
    weekdays: tuple[Weekday, ...] | None = Field(
        None,
        min_length=1,
        description="The days on which it begins, such as MONDAY; every day if unset.",
        examples=[["MONDAY", "FRIDAY"]],
    )
    zone: Annotated[str, AfterValidator(_known_zone)] = Field("UTC", description="Time zone of the times and days.")

    @property
    def hours(self) -> Hours:
        """What the pipeline follows."""
        days = frozenset(number for number, day in enumerate(Weekday) if day in (self.weekdays or Weekday))
        return Hours(time.fromisoformat(self.start), time.fromisoformat(self.end), days, ZoneInfo(self.zone))


class RoutingConditionConfig(Options):
    """Conditions of a rule: it holds where each that is set does."""

    question_chars: LengthConfig | None = Field(None, description="Questions of this length; of any if unset.")
    tasks: tuple[Task, ...] | None = Field(
        None,
        min_length=1,
        description="Kinds of task, as callers name them in `Question.task`; all if unset.",
        examples=[["lookup"]],
    )
    tenants: tuple[str, ...] | None = Field(
        None, min_length=1, description="Tenants, by name; all if unset.", examples=[["acme"]]
    )
    end_users: tuple[EndUser, ...] | None = Field(
        None,
        min_length=1,
        description="End users, as callers name them in `Question.end_user_id`; all if unset.",
        examples=[["visitor-1"]],
    )
    end_user_share: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of each tenant's end users, from 0 to 1, and the same ones each time; all if unset, and "
        "questions that name no end user.",
        examples=[0.1],
    )
    hours: HoursConfig | None = Field(None, description="A time of the day; any if unset.")
    budget_left_below: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Less than this share is left of what the requester may spend in the day (UTC), by the limits "
        "`cost_per_day`; whatever is left if unset.",
        examples=[0.2],
    )
    has_turns: bool | None = Field(None, description="Whether there are earlier turns; either if unset.")
    priorities: tuple[Priority, ...] | None = Field(
        None,
        min_length=1,
        description="Priorities of the call: INTERACTIVE, BACKGROUND, EVALUATION; all if unset.",
        examples=[["BACKGROUND"]],
    )

    @property
    def condition(self) -> RoutingCondition:
        """What the pipeline follows."""
        lengths = self.question_chars or LengthConfig()
        return RoutingCondition(
            min_chars=lengths.min,
            max_chars=lengths.max,
            tasks=_set(self.tasks),
            tenants=_set(self.tenants),
            end_users=_set(self.end_users),
            end_user_share=self.end_user_share,
            hours=None if self.hours is None else self.hours.hours,
            budget_left_below=self.budget_left_below,
            has_turns=self.has_turns,
            priorities=_set(self.priorities),
        )


def _set(values: tuple[_Value, ...] | None) -> frozenset[_Value] | None:
    return None if values is None else frozenset(values)


class RoutingRuleConfig(Options):
    """A rule that chooses models."""

    name: Name = Field(description="The name that traces and logs have for it.", examples=["simple"])
    when: RoutingConditionConfig = Field(
        default_factory=RoutingConditionConfig, description="When it holds; always if unset, which ends the list."
    )
    models: tuple[Name, ...] = Field(min_length=1, description="The models to ask, best first; some of the route's.")

    @property
    def rule(self) -> RoutingRule:
        """What the pipeline follows."""
        return RoutingRule(self.name, self.models, self.when.condition)
