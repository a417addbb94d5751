"""Limits as a configuration would set them up, in memory and on a clock that tests move."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.admission.budget import QuotaBudget
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.admission.quotas import Quotas
from groundwire_server.admission.waiting import WaitingLines
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Fault
from groundwire_server.domain.limits import LimitRow, Queue
from groundwire_server.domain.quota import CallLease, Demand, Settlement, Taken
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import LimitKind, LimitMode, WithoutStore
from groundwire_server.ports.quota_store import QuotaStore, QuotaStoreError
from groundwire_server.telemetry.line_sums import LineSums
from tests.doubles.counts import Counts
from tests.doubles.time import LoopTime

BEGAN = 1_795_651_200.0
"""Midnight in UTC, where the loop's time is 1000 s."""
ADA = Requester("acme", "ada", "visitor-1", "default")


def wall_clock() -> float:
    """Seconds since 1970, as far on as the loop is."""
    return BEGAN + asyncio.get_running_loop().time() - 1000.0


def row(
    name: str = "users",
    *,
    shadow: bool = False,
    queue: Queue | None = None,
    scopes: Mapping[str, object] | None = None,
    **limits: float,
) -> LimitRow:
    """Return a row with limits by their keys in the configuration."""
    return LimitRow(
        name=name,
        limits={LimitKind(kind.upper()): most for kind, most in limits.items()},
        mode=LimitMode.SHADOW if shadow else LimitMode.ENFORCED,
        queue=queue,
        **(scopes or {}),  # type: ignore[arg-type]
    )


class AwayFault(Fault):
    """What a store that is away says."""

    AWAY = "the store is away", "bring it back"


class AwayStore:
    """A QuotaStore that cannot be asked."""

    shared = True

    async def take(self, demands: object, lease: object = None) -> Taken:
        raise QuotaStoreError(AwayFault.AWAY)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        raise AssertionError("nothing was reserved")

    def give_back(self, keys: object, lease: CallLease) -> None:
        pass


class RemoteStore(MemoryQuotaStore):
    """Does a second later what it was asked, whether or not somebody waits for it."""

    shared = True

    async def take(self, demands: Sequence[Demand], lease: CallLease | None = None) -> Taken:
        async def taking() -> Taken:
            await asyncio.sleep(1)
            return await MemoryQuotaStore.take(self, demands, lease)

        return await asyncio.shield(asyncio.ensure_future(taking()))


@dataclass
class Limited:
    """Limits, with what they count."""

    rows: tuple[LimitRow, ...]
    store: QuotaStore = field(default_factory=lambda: MemoryQuotaStore(wall_clock))
    lines: WaitingLines = field(default_factory=WaitingLines)
    without_store: Mapping[str, WithoutStore] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.table = LimitTable(self.rows, "USD")
        self.reports = QuotaReports(self.counts, LineSums(lambda: asyncio.get_running_loop().time()))
        self.quotas = Quotas(self.table, self.store, self.lines, self.without_store, self.reports, LoopTime())
        self.budget = QuotaBudget(self.table, self.store, self.without_store, self.reports)

    def hold(self, requester: Requester = ADA, work: Work = Work.ANSWER, seconds: float = 30.0) -> "Held":
        """Return what holds the limits of a call."""
        now = asyncio.get_running_loop().time()
        return Held(self.quotas, Applicant(work, requester, now, Deadline(now + seconds)))

    async def used(self, demand: Demand) -> int:
        """Return how much of a count is used."""
        return (await self.store.take([Demand(demand.key, demand.bound, 0)])).levels[0].used


class Held:
    """One call's limits, entered and left by hand."""

    def __init__(self, quotas: Quotas, applicant: Applicant) -> None:
        self._context = quotas.hold(applicant)

    async def begin(self) -> "Held":
        await self._context.__aenter__()
        return self

    async def end(self) -> None:
        await self._context.__aexit__(None, None, None)
