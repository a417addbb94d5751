"""Rules that choose the models of a question before the first is asked. Pure: time and budget are given."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from hashlib import blake2b
from typing import Final

from groundwire_server.domain.vocabulary import Priority

_SHARES: Final = 1 << 32
_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """What rules look at.

    Attributes:
        question_chars: the length of the question, in code points.
        task: the kind of task that the caller names; empty without one.
        end_user: the person behind the call, as the caller names it; empty without one.
        has_turns: whether it has earlier turns.
        at: when it is asked; any time zone.
        budget_left: the share that is left of the requester's budget of the day, 0 to 1; None where there is none, or
            it is not known.
    """

    question_chars: int
    task: str
    tenant: str
    end_user: str
    has_turns: bool
    priority: Priority
    at: datetime
    budget_left: float | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the day, on some days of the week. One that does not end after it begins ends on the next day.

    Attributes:
        start: when it begins, to the minute; included.
        end: when it ends, to the minute; excluded.
        weekdays: on which it begins, Monday is 0.
        zone: of the times and days.
    """

    start: time
    end: time
    weekdays: frozenset[int]
    zone: tzinfo

    def include(self, at: datetime) -> bool:
        """Return whether a moment lies in it."""
        local = at.astimezone(self.zone)
        now = local.time()
        if self.start < self.end:
            return self.start <= now < self.end and local.weekday() in self.weekdays
        if now >= self.start:
            return local.weekday() in self.weekdays
        return now < self.end and (local - timedelta(days=1)).weekday() in self.weekdays

    def cover(self, other: "Hours") -> bool:
        """Return whether every moment of another one lies in it; in another time zone, only where it always holds."""
        minutes = self.minutes
        return len(minutes) == _WEEK or (self.zone == other.zone and minutes >= other.minutes)

    @property
    def minutes(self) -> frozenset[int]:
        """Its minutes of the week, from Monday on."""
        start, end = (each.hour * 60 + each.minute for each in (self.start, self.end))
        length = (end - start) % _DAY or _DAY
        return frozenset((day * _DAY + start + each) % _WEEK for day in self.weekdays for each in range(length))


@dataclass(frozen=True, slots=True)
class RoutingCondition:
    """When a rule holds: where every condition that it names does.

    Attributes:
        min_chars: the shortest question, in code points.
        max_chars: the longest; None has no bound.
        tasks: kinds of task; None holds for all, as the following do.
        tenants: by name.
        end_users: as callers name them.
        end_user_share: the share of end users, 0 to 1; the same end users each time.
        hours: when.
        budget_left_below: the share of the day's budget below which it holds.
        has_turns: whether there are earlier turns.
        priorities: of the call.
    """

    min_chars: int = 0
    max_chars: int | None = None
    tasks: frozenset[str] | None = None
    tenants: frozenset[str] | None = None
    end_users: frozenset[str] | None = None
    end_user_share: float | None = None
    hours: Hours | None = None
    budget_left_below: float | None = None
    has_turns: bool | None = None
    priorities: frozenset[Priority] | None = None

    def holds_for(self, facts: QuestionFacts) -> bool:
        """Return whether it holds. What is not known does not hold."""
        left = facts.budget_left
        return (
            self.min_chars <= facts.question_chars
            and (self.max_chars is None or facts.question_chars <= self.max_chars)
            and (self.tasks is None or facts.task in self.tasks)
            and self.admits(facts.tenant, facts.end_user)
            and (self.hours is None or self.hours.include(facts.at))
            and (self.budget_left_below is None or (left is not None and left < self.budget_left_below))
            and (self.has_turns is None or facts.has_turns is self.has_turns)
            and (self.priorities is None or facts.priority in self.priorities)
        )

    def admits(self, tenant: str, end_user: str) -> bool:
        """Return whether it can hold for calls of a tenant on behalf of an end user."""
        return (
            (self.tenants is None or tenant in self.tenants)
            and (self.end_users is None or end_user in self.end_users)
            and (self.end_user_share is None or _in_share(tenant, end_user, self.end_user_share))
        )

    def covers(self, other: "RoutingCondition") -> bool:
        """Return whether this one holds wherever another does, so that the other after it would never be reached."""
        return (
            self.min_chars <= other.min_chars
            and (self.max_chars is None or (other.max_chars is not None and other.max_chars <= self.max_chars))
            and _includes(self.tasks, other.tasks)
            and _includes(self.tenants, other.tenants)
            and _includes(self.end_users, other.end_users)
            and _at_least(self.end_user_share, other.end_user_share)
            and (self.hours is None or (other.hours is not None and self.hours.cover(other.hours)))
            and _at_least(self.budget_left_below, other.budget_left_below)
            and self.has_turns in {None, other.has_turns}
            and _includes(self.priorities, other.priorities)
        )


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A rule of a route.

    Attributes:
        name: by which traces and logs call it.
        models: to ask, best first; some of the route's.
    """

    name: str
    models: tuple[str, ...]
    condition: RoutingCondition = RoutingCondition()

    def within(self, models: Collection[str]) -> "RoutingRule | None":
        """Return the rule with those of its models that may be asked; None where none may."""
        left = tuple(model for model in self.models if model in models)
        return replace(self, models=left) if left else None


def chosen(rules: Iterable[RoutingRule], facts: QuestionFacts) -> RoutingRule | None:
    """Return the first rule that holds; None where none does."""
    return next((rule for rule in rules if rule.condition.holds_for(facts)), None)


def _in_share(tenant: str, end_user: str, share: float) -> bool:
    """Return whether an end user is among a share of them: the same ones each time, and those of less among more."""
    if not end_user:
        return False
    digest = blake2b(f"{tenant}\0{end_user}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < share * _SHARES


def _includes(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or (other is not None and one >= other)


def _at_least(one: float | None, other: float | None) -> bool:
    return one is None or (other is not None and one >= other)
