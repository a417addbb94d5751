"""Rows of the table of limits: which calls they hold for, and what they allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from groundwire_server.domain.admission import Work
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import LimitKind, LimitMode, LimitScope, Priority

ASKING: Final = frozenset({Work.ANSWER, Work.SEARCH, Work.CHECK})
"""The work that comes with a question."""

RATES: Final = frozenset({LimitKind.REQUESTS_PER_SECOND, LimitKind.REQUESTS_PER_MINUTE})
SPENDING: Final = frozenset({LimitKind.TOKENS_PER_MINUTE, LimitKind.COST_PER_DAY, LimitKind.COST_PER_MONTH})
"""What is reserved when a model is asked."""
COUNTED: Final = RATES | SPENDING | {LimitKind.CONCURRENT_CALLS}
"""Limits that a count is kept for."""
VALUES: Final = frozenset(LimitKind) - COUNTED
"""Limits that hold for each call by itself."""
MONEY: Final = frozenset({LimitKind.COST_PER_DAY, LimitKind.COST_PER_MONTH, LimitKind.COST_PER_CALL})
"""Limits in millionths of the currency."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where calls wait for one of the concurrent calls of a row to end.

    Attributes:
        size: how many may wait, in one process.
        seconds: how long each may.
    """

    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LimitRow:
    """Limits that hold for the same calls.

    Attributes:
        name: its key in the table.
        limits: how much it allows, by kind: seconds for a timeout, millionths of the currency for money.
        mode: whether it refuses, or only counts.
        route: for calls of this route alone; None for all.
        tenant: for calls of this tenant alone; None for all.
        default: whether each limit gives way to that of a row that names the tenant.
        subject: for calls of this subject alone; None for all.
        end_user: for calls on behalf of this end user alone; None for all.
        per: what separate counts are kept for.
        work: what is counted.
        queue: where calls over the concurrent ones wait; None refuses them at once.
        max_priority: the highest priority of its calls; None leaves them theirs.
    """

    name: str
    limits: Mapping[LimitKind, float]
    mode: LimitMode = LimitMode.ENFORCED
    route: str | None = None
    tenant: str | None = None
    default: bool = False
    subject: str | None = None
    end_user: str | None = None
    per: frozenset[LimitScope] = frozenset()
    work: frozenset[Work] = field(default=ASKING)
    queue: Queue | None = None
    max_priority: Priority | None = None

    @property
    def enforced(self) -> bool:
        """Whether it refuses."""
        return self.mode is LimitMode.ENFORCED

    def gives_way(self, other: "LimitRow", kind: LimitKind) -> bool:
        """Return whether this row is a default whose limit another row that names the tenant takes the place of.

        A count gives way only to one of the same calls: what bounds each person of a tenant, or one route or kind of
        work, says nothing of all that the tenant may use.
        """
        if not self.default:
            return False
        if kind not in COUNTED:
            return True
        return other.counted_calls == self.counted_calls and other.work >= self.work

    @property
    def counted_calls(self) -> tuple[object, ...]:
        """Return whose calls each of its counts is of, within a tenant."""
        return self.route, self.subject, self.end_user, self.per - {LimitScope.TENANT}

    def holds_for(self, requester: Requester) -> bool:
        """Return whether it holds for what this requester asks for."""
        return (
            (self.tenant is None or self.tenant == requester.tenant)
            and (self.route is None or self.route == requester.route)
            and (self.subject is None or self.subject == requester.subject)
            and (self.end_user is None or self.end_user == requester.end_user)
        )

    def counted_for(self, requester: Requester) -> Mapping[LimitScope, str]:
        """Return what a count of this requester's is kept for: subjects and end users mean nothing outside a tenant."""
        named = self.per
        if named & {LimitScope.SUBJECT, LimitScope.END_USER}:
            named |= {LimitScope.TENANT}
        values = (requester.tenant, requester.subject, requester.end_user, requester.route)
        return {scope: value for scope, value in zip(LimitScope, values, strict=True) if scope in named}


def limit_name(row: str, kind: LimitKind) -> str:
    """Return a limit as metrics, log lines and statuses name it: `users.requests_per_minute`."""
    return f"{row}.{kind.value.lower()}"
