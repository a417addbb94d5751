"""What calls show of the load of a dependency, so that nobody's own slow calls are held against others."""

from collections import OrderedDict
from typing import Final

from groundwire_server.domain.fairness.recent_times import RecentTimes

_SLOW_TIMES: Final = 4.0
_SLOW_SECONDS: Final = 0.5
"""A call is slow to begin when it takes so many times as long as a quick one, and so many seconds longer: a long prompt
takes longer than a short one."""

_SLOW_IN_A_ROW: Final = 2
"""Calls that are slow to begin, one after the other, before it is a sign: one may have a reason of its own."""

_HEARD_SECONDS: Final = 10.0
"""How long the last call of a tenant shows whether the dependency is slow."""

_TENANTS: Final = 128
"""Tenants whose calls are remembered, those of the latest calls."""


class _TenantSigns:
    """The calls of one tenant.

    Attributes:
        calls: how long they took that came to their end.
        slow: whether the last one was slow to begin.
        heard: when that was, in seconds.
    """

    __slots__ = ("calls", "heard", "slow")

    def __init__(self) -> None:
        self.calls = RecentTimes()
        self.slow = False
        self.heard = float("-inf")


class LoadSigns:
    """How soon the calls of a dependency began, and how long they took, by tenant."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[str, _TenantSigns] = OrderedDict()
        self._first_outputs = RecentTimes()
        self._slow = 0

    def __repr__(self) -> str:
        return f"<LoadSigns: of {len(self._tenants)} tenants, {self._slow} slow calls in a row>"

    def began(self, tenant: str, first_output: float, now: float) -> bool:
        """Take in after how many seconds a call began to answer; return whether that is a sign of too many calls.

        It is none unless most tenants have to wait: the long prompts of one must not cost all their slots.
        """
        quick = self._first_outputs.quick(now)
        slow = quick > 0.0 and first_output > max(quick * _SLOW_TIMES, quick + _SLOW_SECONDS)
        self._first_outputs.add(first_output, now)
        self._slow = self._slow + 1 if slow else 0
        own = self._of(tenant)
        own.slow, own.heard = slow, now
        if self._slow < _SLOW_IN_A_ROW:
            return False
        lately = [each.slow for each in self._tenants.values() if now - each.heard <= _HEARD_SECONDS]
        return 2 * sum(lately) > len(lately)

    def completed(self, tenant: str, seconds: float, now: float) -> None:
        """Take in how long a call took that came to its end."""
        self._of(tenant).calls.add(seconds, now)

    def quick(self, tenant: str, now: float) -> float:
        """Return how many seconds a quick call of a tenant takes; 0 where that is not known.

        Of its own calls alone: by those of a tenant with long answers, all that have less time would be refused, and
        nothing would ever show that theirs are short.
        """
        known = self._tenants.get(tenant)
        return 0.0 if known is None else known.calls.quick(now)

    def _of(self, tenant: str) -> _TenantSigns:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = _TenantSigns()
            if len(self._tenants) > _TENANTS:
                self._tenants.popitem(last=False)
        else:
            self._tenants.move_to_end(tenant)
        return known
