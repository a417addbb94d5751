"""What is said of limits that have nothing left: to the caller, in metrics, in the log, and in the decision event."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from groundwire_server.admission.limit_table import HeldLimit
from groundwire_server.domain.failure import QuotaViolation, Rejection
from groundwire_server.domain.limits import MONEY
from groundwire_server.domain.quota import MICROS, Level
from groundwire_server.domain.vocabulary import LimitKind, LimitMode, LimitScope, Reason
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.quota_store import QuotaStoreError
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.line_sums import LineKind, LineSums
from groundwire_server.telemetry.trail import current_trail

RETRY_SECONDS: Final = 1.0
"""When to come again where a limit does not say: one of the concurrent calls may end at any time."""

_LOGGER: Final = "groundwire.limits"

_WORDS: Final = {
    LimitKind.REQUESTS_PER_SECOND: ("requests", "requests a second"),
    LimitKind.REQUESTS_PER_MINUTE: ("requests", "requests a minute"),
    LimitKind.TOKENS_PER_MINUTE: ("tokens", "tokens a minute"),
    LimitKind.COST_PER_DAY: ("cost", "of the currency a day"),
    LimitKind.COST_PER_MONTH: ("cost", "of the currency a month"),
    LimitKind.CONCURRENT_CALLS: ("calls", "calls at once"),
}

_SCOPES: Final = tuple(LimitScope)

_log = logging.getLogger(_LOGGER)


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A limit that has nothing left for a call.

    Attributes:
        limit: which.
        level: how its count stands.
    """

    limit: HeldLimit
    level: Level


class QuotaReports:
    """Counts what limits do, and says it once a window.

    Args:
        recorder: counts.
        sums: decides which lines are written.
    """

    def __init__(self, recorder: Metrics, sums: LineSums) -> None:
        self._metrics = recorder
        self._sums = sums

    def refused(self, exhausted: Sequence[Exhausted], now: int) -> Rejection:
        """Record the refusal of a call, and return it.

        Args:
            exhausted: the enforced limits that have nothing left.
            now: the store's time.
        """
        for each in exhausted:
            self._reached(each.limit)
        return Rejection(
            Reason.QUOTA_EXCEEDED,
            quotas=[violation_of(each, now) for each in exhausted],
            metadata={"quota": exhausted[0].limit.name},
            retry_after=max(_seconds_until(each.level.free_at, now) for each in exhausted),
        )

    def spent(self, exhausted: Iterable[Exhausted]) -> None:
        """Record enforced limits that kept a model from being asked."""
        for each in exhausted:
            self._reached(each.limit)

    def shadowed(self, limits: Iterable[HeldLimit]) -> None:
        """Record limits in shadow that would have refused something."""
        trail = current_trail()
        for limit in limits:
            self._reached(limit)
            if trail is not None and limit.name not in trail.limits_in_shadow:
                trail.limits_in_shadow.append(limit.name)

    def unchecked(self, route: str, error: QuotaStoreError, *, admitted: bool) -> None:
        """Record that limits could not be checked, and what the route made of that."""
        self._metrics.add(metrics.LIMITS_UNCHECKED, 1, route, str(admitted).lower())
        if admitted and (trail := current_trail()) is not None:
            trail.limits_unchecked = True
        message = "limits cannot be checked"
        fields = (("why", str(error)), ("route", route), ("admitted", str(admitted).lower()))
        if self._sums.admit(LineKind(_LOGGER, logging.WARNING, message, fields), 1):
            _log.warning("%s", message, extra=dict(fields))

    def _reached(self, limit: HeldLimit) -> None:
        mode = limit.row.mode
        self._metrics.add(metrics.LIMITS_REACHED, 1, limit.name, mode.value)
        message = "a limit is reached" if mode is LimitMode.ENFORCED else "a limit in shadow is reached"
        tenant = limit.scopes.get(LimitScope.TENANT) or limit.row.tenant or ""
        fields = (("limit", limit.name), ("tenant", tenant))
        if self._sums.admit(LineKind(_LOGGER, logging.INFO, message, fields), 1):
            _log.info("%s", message, extra=dict(fields))


def violation_of(exhausted: Exhausted, now: int) -> QuotaViolation:
    """Return the part of a refusal that describes a limit with nothing left for the caller."""
    limit = exhausted.limit
    metric, words = _WORDS[limit.kind]
    most = int(limit.most) / MICROS if limit.kind in MONEY else int(limit.most)
    each = " and ".join(scope.value.lower().replace("_", " ") for scope in _SCOPES if scope in limit.row.per)
    allowed = f"{limit.name} allows {most:,g} {words}" + (f" for each {each}" if each else "")
    return QuotaViolation(
        limit.name,
        _subject(limit),
        f"{allowed}; {_until(exhausted.level, now)}",
        metric,
        int(limit.most),
        {scope.value.lower(): value for scope, value in limit.scopes.items()},
    )


def instant(micros: int) -> datetime:
    """Return an instant of a store as a date and time in UTC."""
    return datetime.fromtimestamp(micros / MICROS, UTC)


def _until(level: Level, now: int) -> str:
    if level.free_at is None:
        return "try again when one has ended"
    return f"the next may come at {instant(max(level.free_at, now)).isoformat(timespec='milliseconds')}"


def _subject(limit: HeldLimit) -> str:
    """Return whose count it is, in the standard message's form; the narrowest of what it is kept for."""
    for scope in (LimitScope.END_USER, LimitScope.SUBJECT, LimitScope.TENANT, LimitScope.ROUTE):
        if scope in limit.scopes:
            return f"{scope.value.lower()}:{limit.scopes[scope]}"
    return f"tenant:{limit.row.tenant}" if limit.row.tenant is not None else "service"


def _seconds_until(at: int | None, now: int) -> float:
    return RETRY_SECONDS if at is None else max(0.0, (at - now) / MICROS)
