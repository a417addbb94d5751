"""The table of limits: which of its rows hold for a call, and what they come to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from groundwire_server.domain.admission import Work
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.limits import COUNTED, MONEY, SPENDING, VALUES, LimitRow, limit_name
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.quota import MICROS, Bound, Calendar, Concurrent, Demand, Spending, TokenBucket
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import LimitKind, LimitScope, Priority

_PRIORITIES = tuple(Priority)
_EVERY = frozenset(LimitKind)
_REMEMBERED = 1024
"""Requesters whose limits are kept, the latest ones: finding them costs more than counting does."""


@dataclass(frozen=True, slots=True)
class HeldLimit:
    """One limit of a row, as it holds for one requester.

    Attributes:
        name: of the limit: `users.requests_per_minute`.
        row: that has it.
        kind: what it bounds.
        most: how much it allows.
        bound: how much of its count there is; None for a limit that none is kept for.
        scopes: what its count is kept for, with this requester's values.
        key: names the count; empty for a limit that none is kept for.
    """

    name: str
    row: LimitRow
    kind: LimitKind
    most: float
    bound: Bound | None
    scopes: Mapping[LimitScope, str]
    key: str

    def demand(self, amount: int) -> Demand:
        """Return what takes an amount of its count.

        Raises:
            ValueError: when none is kept.
        """
        if self.bound is None:
            raise ValueError(f"no count is kept for {self.name}")
        return Demand(self.key, self.bound, amount, self.row.enforced)


@dataclass(frozen=True, slots=True)
class CountedLimits:
    """The limits on beginning some work.

    Attributes:
        limits: those that a count is kept for.
        demands: what beginning takes of each count.
        leased: the counts of concurrent calls, which are given back at the end.
    """

    limits: Sequence[HeldLimit]
    demands: Sequence[Demand]
    leased: Sequence[str]


@dataclass(frozen=True, slots=True)
class _CallLimits:
    """The enforced limits that hold for each call by itself.

    Attributes:
        values: the strictest, by kind.
        max_priority: the highest priority of the call; None leaves it its own.
    """

    values: Mapping[LimitKind, float]
    max_priority: Priority | None


class LimitTable:
    """The rows of one configuration.

    Args:
        rows: in the order of the configuration.
        currency: of the money; what was spent in another is counted apart.
        free_routes: routes that can go on when money is used up, with a model without a price.

    Attributes:
        rows: of the table.
        currency: of the money in them.
    """

    def __init__(self, rows: Sequence[LimitRow] = (), currency: str = "", free_routes: Collection[str] = ()) -> None:
        self.rows = tuple(rows)
        self._free_routes = frozenset(free_routes)
        self.currency = currency
        named = {row.tenant for row in rows if row.tenant is not None}
        self._of_tenant = {tenant: self._for_tenant(tenant) for tenant in named}
        self._others = self._for_tenant(None)
        # Made once: every call looks at them.
        self._limits = {row.name: tuple(_limits_of(row)) for row in rows}
        self._counted = lru_cache(_REMEMBERED)(self._find_counted)
        self._of_call = lru_cache(_REMEMBERED)(self._find_of_call)
        self._policies: dict[tuple[int, tuple[tuple[LimitKind, float], ...]], tuple[Policy, Policy]] = {}

    def __bool__(self) -> bool:
        return bool(self.rows)

    def counted(self, requester: Requester, work: Work) -> CountedLimits:
        """Return the limits on beginning this work; those on spending only where it is sure to ask a model."""
        return self._counted(requester, work)

    def spending(self, requester: Requester) -> list[HeldLimit]:
        """Return the limits on what models consume for a requester."""
        return list(self._held(self._holding(requester), requester, SPENDING))

    def shadow_values(self, requester: Requester) -> list[HeldLimit]:
        """Return the limits in shadow without a count that hold for a requester."""
        rows = [row for row in self._holding(requester) if not row.enforced]
        return list(self._held(rows, requester, VALUES))

    def all_of(self, requester: Requester) -> list[HeldLimit]:
        """Return every limit that holds for a requester."""
        return list(self._held(self._holding(requester), requester, _EVERY))

    def apply(self, inquiry: Inquiry) -> Inquiry:
        """Return an inquiry within the limits that hold for each call by itself."""
        of_call = self._of_call(inquiry.requester)
        values, highest = of_call.values, of_call.max_priority
        if not values and highest is None:
            return inquiry
        question, policy = inquiry.question, self._policy(inquiry.policy, values)
        if highest is not None and _PRIORITIES.index(question.priority) < _PRIORITIES.index(highest):
            question = replace(question, priority=highest)
        passages = values.get(LimitKind.PASSAGES)
        if passages is not None and question.top_k is not None and question.top_k > passages:
            question = replace(question, top_k=int(passages))
        until = min(inquiry.deadline, Deadline(inquiry.arrived + policy.max_deadline))
        return replace(inquiry, question=question, policy=policy, deadline=until)

    def _find_counted(self, requester: Requester, work: Work) -> CountedLimits:
        rows = [row for row in self._holding(requester) if work in row.work]
        kinds: Collection[LimitKind] = COUNTED
        if work is not Work.ANSWER:
            kinds = COUNTED - SPENDING
        elif requester.route in self._free_routes:
            kinds = COUNTED - MONEY
        limits = tuple(self._held(rows, requester, kinds))
        # What models consume is taken when they are asked.
        demands = tuple(each.demand(0 if each.kind in SPENDING else 1) for each in limits)
        return CountedLimits(
            limits, demands, tuple(each.key for each in limits if each.kind is LimitKind.CONCURRENT_CALLS)
        )

    def _find_of_call(self, requester: Requester) -> _CallLimits:
        rows = [row for row in self._holding(requester) if row.enforced]
        strictest: dict[LimitKind, float] = {}
        for limit in self._held(rows, requester, VALUES):
            strictest[limit.kind] = min(limit.most, strictest.get(limit.kind, limit.most))
        priorities = [row.max_priority for row in rows if row.max_priority is not None]
        return _CallLimits(strictest, max(priorities, key=_PRIORITIES.index, default=None))

    def _policy(self, policy: Policy, values: Mapping[LimitKind, float]) -> Policy:
        """Return a route's policy within limits; each combination is made once."""
        key = (id(policy), tuple(sorted(values.items())))
        if key not in self._policies:
            # With the policy it was made of, so that no other can have the same id.
            self._policies[key] = (policy, limited(policy, values))
        return self._policies[key][1]

    def _for_tenant(self, tenant: str | None) -> tuple[LimitRow, ...]:
        return tuple(row for row in self.rows if row.tenant in {None, tenant})

    def _holding(self, requester: Requester) -> list[LimitRow]:
        rows = self._of_tenant.get(requester.tenant, self._others)
        return [row for row in rows if row.holds_for(requester)]

    def _held(
        self, rows: Sequence[LimitRow], requester: Requester, kinds: Collection[LimitKind]
    ) -> Iterator[HeldLimit]:
        own = [row for row in rows if row.tenant is not None and row.enforced]
        for row in rows:
            displaced = {kind for each in own for kind in each.limits if row.gives_way(each, kind)}
            scopes = row.counted_for(requester)
            counted_for = "\0".join((self.currency, *scopes, *scopes.values()))
            for name, kind, most, bound in self._limits[row.name]:
                if kind in kinds and kind not in displaced:
                    key = "" if bound is None else f"{name}\0{counted_for}"
                    yield HeldLimit(name, row, kind, most, bound, scopes, key)


def limited(policy: Policy, values: Mapping[LimitKind, float]) -> Policy:
    """Return a route's policy with the stricter of its own limits and these."""

    def at_most(kind: LimitKind, own: int) -> int:
        return min(own, int(values.get(kind, own)))

    def ceiling(kind: LimitKind) -> int | None:
        return int(values[kind]) if kind in values else None

    timeout = values.get(LimitKind.TIMEOUT_SECONDS, policy.max_deadline)
    prompt_tokens = ceiling(LimitKind.PROMPT_TOKENS)
    return replace(
        policy,
        question_limit=at_most(LimitKind.QUESTION_CHARS, policy.question_limit),
        top_k=at_most(LimitKind.PASSAGES, policy.top_k),
        passages_limit=ceiling(LimitKind.PASSAGES),
        evidence_tokens=at_most(LimitKind.PROMPT_TOKENS, policy.evidence_tokens),
        prompt_tokens=prompt_tokens,
        output_tokens=at_most(LimitKind.OUTPUT_TOKENS, policy.output_tokens),
        default_deadline=min(policy.default_deadline, timeout),
        max_deadline=min(policy.max_deadline, timeout),
        tokens_per_call=ceiling(LimitKind.TOKENS_PER_CALL),
        cost_per_call=ceiling(LimitKind.COST_PER_CALL),
    )


def _limits_of(row: LimitRow) -> Iterator[tuple[str, LimitKind, float, Bound | None]]:
    for kind, most in row.limits.items():
        yield limit_name(row.name, kind), kind, most, _bound(kind, int(most))


def _bound(kind: LimitKind, most: int) -> Bound | None:
    match kind:
        case LimitKind.REQUESTS_PER_SECOND:
            return TokenBucket(most, MICROS)
        case LimitKind.REQUESTS_PER_MINUTE | LimitKind.TOKENS_PER_MINUTE:
            return TokenBucket(most, 60 * MICROS)
        case LimitKind.COST_PER_DAY:
            return Spending(most, Calendar.DAY)
        case LimitKind.COST_PER_MONTH:
            return Spending(most, Calendar.MONTH)
        case LimitKind.CONCURRENT_CALLS:
            return Concurrent(most)
        case _:
            return None
