"""Erasing units from the results of experiments, on each database."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.experiments.erasure import SqlExperimentErasure
from groundwire_server.adapters.records.experiments.sql import SqlExperimentResults
from groundwire_server.adapters.records.experiments.units import UnitNames
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    OneDocument,
    OneEndUser,
    OneSubject,
    RecordErasure,
    RecordSelection,
)
from groundwire_server.domain.experiments.experiment import ExperimentUnit
from groundwire_server.domain.experiments.observation import UnitKey, UnitSums
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.experiments import ResultBatch
from tests.contract.experiments.conftest import KEEP
from tests.contract.operations.queued import SteppingClock

OLD, NEW = SealingKey("old", b"\1" * 32), SealingKey("new", b"\2" * 32)


async def _nothing_to_write() -> bool:
    return True


class Units:
    """Results by named units, and what erases them."""

    def __init__(self, database: RecordsDatabase, clock: SteppingClock) -> None:
        self.database, self.clock = database, clock
        self.results = SqlExperimentResults(database, clock, KEEP)
        self.names = UnitNames(Sealing([NEW, OLD]))
        self.number = 0

    async def call(self, unit: ExperimentUnit, requester: Requester, names: UnitNames | None = None) -> None:
        self.number += 1
        key = UnitKey("shorter", "control", (names or self.names).name(unit, requester))
        await self.results.write("one", ResultBatch(self.number, self.clock.today(), {key: UnitSums(1)}))

    async def erase(
        self,
        selection: RecordSelection,
        deadline: Deadline = NEVER,
        write: Callable[[], Awaitable[bool]] = _nothing_to_write,
    ) -> list[ErasedPlace]:
        erasing = SqlExperimentErasure(self.database, self.names, self.clock, write)
        return list(await erasing.erase(RecordErasure("acme", selection), deadline))

    async def units(self) -> int:
        arms, _ = await self.results.arms("shorter")
        return sum(arm.units for arm in arms)


@pytest.fixture
def units(database: RecordsDatabase, clock: SteppingClock) -> Units:
    return Units(database, clock)


def _erased(count: int) -> list[ErasedPlace]:
    return [ErasedPlace(ErasedPlaceKind.EXPERIMENTS, count)]


async def test_a_subject_and_an_end_user_are_erased_and_nobody_else(units: Units) -> None:
    for tenant in ("acme", "globex"):
        for name in ("ann", "bob"):
            await units.call(ExperimentUnit.SUBJECT, Requester(tenant, name, "x"))
            await units.call(ExperimentUnit.END_USER, Requester(tenant, "app", name))
        await units.call(ExperimentUnit.TENANT, Requester(tenant, "app"))
    assert await units.units() == 10
    assert await units.erase(OneSubject("ann")) == _erased(1)
    assert await units.erase(OneEndUser("ann")) == _erased(1)
    assert await units.erase(OneEndUser("ann")) == _erased(0)
    assert await units.units() == 8
    assert await units.erase(EntireTenant()) == _erased(3)
    assert await units.units() == 5


async def test_rows_of_an_earlier_key_are_erased_as_well(units: Units) -> None:
    before = UnitNames(Sealing([OLD]))
    await units.call(ExperimentUnit.END_USER, Requester("acme", "app", "ann"), before)
    await units.call(ExperimentUnit.END_USER, Requester("acme", "app", "ann"))
    assert await units.erase(OneEndUser("ann")) == _erased(2)


async def test_documents_are_not_in_the_results(units: Units) -> None:
    assert await units.erase(OneDocument("d")) == []
    erasing = SqlExperimentErasure(units.database, units.names, units.clock, _nothing_to_write)
    assert list(await erasing.erase(Erasure("acme", EntireTenant()), NEVER)) == []


async def test_what_is_still_in_memory_is_written_before(units: Units) -> None:
    async def write() -> bool:
        await units.call(ExperimentUnit.END_USER, Requester("acme", "app", "ann"))
        return True

    assert await units.erase(OneEndUser("ann"), write=write) == _erased(1)


async def test_a_process_that_has_not_written_in_time_is_named(units: Units) -> None:
    await units.results.write("behind", ResultBatch(1, units.clock.today() - timedelta(seconds=5), {}))
    (place,) = await units.erase(OneEndUser("ann"), Deadline(units.clock.now() + 0.01))
    assert not place.complete
    assert "erase it again" in place.note


def test_a_unit_is_named_by_digests_alone() -> None:
    names = UnitNames(Sealing([NEW]))
    ann = Requester("acme", "app", "ann")
    named = {
        names.name(ExperimentUnit.END_USER, ann),
        names.name(ExperimentUnit.SUBJECT, ann),
        names.name(ExperimentUnit.TENANT, ann),
        names.name(ExperimentUnit.END_USER, Requester("globex", "app", "ann")),
        names.name(ExperimentUnit.SUBJECT, Requester("acme", "ann", "app")),
    }
    assert len(named) == 5
    assert all(len(each) == 32 and int(each, 16) for each in named)
    assert names.name(ExperimentUnit.END_USER, Requester("acme", "app")) == ""
