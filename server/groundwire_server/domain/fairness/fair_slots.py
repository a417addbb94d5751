"""Fair shares of a number of slots: who holds them, who waits, and whose turn it is."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final, Generic, TypeVar

from groundwire_server.domain.fairness.parties import RANKS, Parties, Party
from groundwire_server.domain.requester import Requester

KEPT_FREE: Final = 8
"""One slot of so many is kept free of a tenant that holds the others, where another was seen lately."""

SEEN_SECONDS: Final = 60.0
"""How long another tenant counts as seen lately: one that calls less often waits for one slot to become free."""

_NEWEST: Final = 0.1
"""What the newest time counts in the mean."""

_DEAREST: Final = 16.0
"""The most that one slot costs, in slots of mean time: one long stream must not keep its tenant waiting for long."""


class QueuePlace:
    """A place in the queue.

    Attributes:
        requester: on whose behalf.
        waits: whether it is still in the queue.
    """

    __slots__ = ("requester", "waits")

    def __init__(self, requester: Requester) -> None:
        self.requester = requester
        self.waits = False


P = TypeVar("P", bound=QueuePlace)


class _Subject(Party, Generic[P]):
    """A subject of a tenant, with its places by the rank of their priority, the oldest first."""

    __slots__ = ("queues",)

    def __init__(self, name: str) -> None:
        super().__init__(name, 1.0, 0.0)
        self.queues: tuple[OrderedDict[P, None], ...] = tuple(OrderedDict() for _ in RANKS)

    def oldest(self) -> P:
        return next(iter(next(queue for queue in self.queues if queue)))

    def newest(self, rank: int) -> P:
        return next(reversed(self.queues[rank]))


class _Tenant(Party, Generic[P]):
    """A tenant with its subjects."""

    __slots__ = ("subjects",)

    def __init__(self, name: str, weight: float) -> None:
        super().__init__(name, weight, 0.0)
        self.subjects: Parties[_Subject[P]] = Parties()


class FairSlots(Generic[P]):
    """A number of slots that tenants share by weight, the subjects of a tenant alike, and each subject by priority.

    A tenant that is alone may hold all. Where another was seen lately, none holds the last eighth, so that the other
    begins at once. Every operation takes logarithmic time, and what is kept is bounded by the slots, the queue and
    a fixed number of parties that left.

    Args:
        limit: how many slots there are; it may change at any time.
        size: how many places the queue has.
        weight: returns the weight of a tenant's share.
    """

    def __init__(self, limit: int, size: int, weight: Callable[[str], float] = lambda tenant: 1.0) -> None:
        self.limit = limit
        self.size = size
        self.used = 0
        self.waiting = 0
        self._weight = weight
        self._tenants: Parties[_Tenant[P]] = Parties()
        self._last = ("", float("-inf"))
        self._before_last = float("-inf")
        self._mean_seconds = 0.0

    @property
    def tenants_waiting(self) -> int:
        """How many tenants have a place in the queue."""
        return self._tenants.waiting

    def take(self, requester: Requester, now: float) -> bool:
        """Take a slot at once, where one is free for this tenant; return whether it was."""
        self._see(requester.tenant, now)
        if self.used >= self.limit:
            return False
        known = self._tenants.get(requester.tenant)
        if known is not None and self._has_its_share(known, now):
            return False
        self._begin(*self._parties(requester))
        return True

    def enqueue(self, place: P) -> None:
        """Give a call a place in the queue."""
        tenant, subject = self._parties(place.requester)
        rank = RANKS[place.requester.priority]
        subject.queues[rank][place] = None
        tenant.subjects.came(subject, rank)
        self._tenants.came(tenant, rank)
        self.waiting += 1
        place.waits = True

    def next(self, now: float) -> P | None:
        """Give a slot to the place whose turn it is, and return it; None where none may begin."""
        if self.used >= self.limit or not self.waiting:
            return None
        tenant = self._tenants.first()
        if tenant is not None and self._has_its_share(tenant, now):
            # No other can: this one holds most of the slots.
            tenant = self._tenants.first(other_than=tenant)
        subject = None if tenant is None else tenant.subjects.first()
        if tenant is None or subject is None:
            return None
        place = subject.oldest()
        # In this order: a party that neither holds nor waits for anything is forgotten.
        self._begin(tenant, subject)
        self.leave(place)
        return place

    def leave(self, place: P) -> None:
        """Take a place out of the queue."""
        tenant, subject = self._parties(place.requester)
        rank = RANKS[place.requester.priority]
        del subject.queues[rank][place]
        tenant.subjects.went(subject, rank)
        self._tenants.went(tenant, rank)
        self.waiting -= 1
        place.waits = False

    def release(self, requester: Requester, seconds: float | None = None) -> None:
        """Give a slot back.

        Args:
            requester: that held it.
            seconds: for how long; None where it was not used. A slot counts by the time that it is held, so that a
                tenant whose calls take longer than others' has fewer of them.
        """
        tenant, subject = self._parties(requester)
        self.used -= 1
        cost = self._cost(seconds)
        tenant.subjects.ended(subject, cost - 1.0)
        self._tenants.ended(tenant, cost - 1.0)

    def to_shed(self, requester: Requester) -> P | None:
        """Return the place of a full queue that another call is to have; None where its own is the one to refuse.

        The least urgent leaves first. Among the equally urgent it is the newest place of the tenant that has most of
        them for its weight, and of that tenant's subject that has most; but only where the other call has fewer.
        """
        own = RANKS[requester.priority]
        for rank in range(len(RANKS) - 1, own, -1):
            if (longest := self._tenants.longest(rank)) is not None:
                return _newest(longest, rank)
        longest = self._tenants.longest(own)
        if longest is None:
            return None
        tenant = self._tenants.get(requester.tenant)
        if tenant is not longest:
            weight = self._weight(requester.tenant)
            waiting = 0 if tenant is None else tenant.waiting[own]
            fewer = (waiting + 1) / weight < longest.waiting[own] / longest.weight
            return _newest(longest, own) if fewer else None
        subject = longest.subjects.get(requester.subject)
        crowded = longest.subjects.longest(own)
        waiting = 0 if subject is None else subject.waiting[own]
        fewer = crowded is not None and waiting + 1 < crowded.waiting[own]
        return _newest(longest, own) if fewer else None

    def position(self, requester: Requester) -> int:
        """Return which turn, from 1, a call would have that came now; at the least, if those who wait stay."""
        tenant = self._tenants.get(requester.tenant)
        if tenant is None:
            return 1
        subject = tenant.subjects.get(requester.subject)
        ahead = 0 if subject is None else sum(subject.waiting[: RANKS[requester.priority] + 1])
        among = tenant.subjects.waiting + (0 if subject is not None and subject.waits else 1)
        own_turn = ahead * among + 1
        if not tenant.held:
            return min(self.waiting + 1, own_turn)
        others = self._tenants.waiting_weight - (tenant.weight if tenant.waits else 0.0)
        return min(self.waiting + 1, ceil(own_turn * (1.0 + others / tenant.weight)))

    def _cost(self, seconds: float | None) -> float:
        """Return what a slot cost that was held for so long, by what slots are held for on average."""
        if seconds is None:
            return 0.0
        mean = self._mean_seconds or seconds
        self._mean_seconds = mean + (seconds - mean) * _NEWEST
        return min(seconds / mean, _DEAREST) if mean else 1.0

    def _begin(self, tenant: _Tenant[P], subject: "_Subject[P]") -> None:
        self.used += 1
        tenant.subjects.began(subject)
        self._tenants.began(tenant)

    def _parties(self, requester: Requester) -> "tuple[_Tenant[P], _Subject[P]]":
        tenant, weight = self._tenants.get(requester.tenant), self._weight(requester.tenant)
        if tenant is None:
            tenant = self._tenants.add(_Tenant(requester.tenant, weight))
        elif tenant.weight != weight:
            # A tenant that is always busy is never forgotten: it would keep the weight that it began with.
            self._tenants.reweigh(tenant, weight)
        subject = tenant.subjects.get(requester.subject)
        if subject is None:
            subject = tenant.subjects.add(_Subject(requester.subject))
        return tenant, subject

    def _see(self, tenant: str, now: float) -> None:
        last, at = self._last
        if tenant != last:
            self._before_last = at
        self._last = tenant, now

    def _has_its_share(self, tenant: _Tenant[P], now: float) -> bool:
        """Return whether what is free is kept for others than this tenant."""
        if tenant.held < self.limit - self.limit // KEPT_FREE:
            return False
        last, at = self._last
        other = at if last != tenant.name else self._before_last
        return now - other <= SEEN_SECONDS


def _newest(tenant: _Tenant[P], rank: int) -> P | None:
    subject = tenant.subjects.longest(rank)
    return None if subject is None else subject.newest(rank)
