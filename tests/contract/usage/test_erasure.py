"""Erasing the names of subjects in the accounts: the numbers stay, and nobody can be told from them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.erased_names import NOBODY
from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords
from groundwire_server.adapters.records.usage.erasure import SqlUsageErasure
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
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import UsageBatch, UsageDimension, UsageQuery
from tests.contract.operations.queued import SteppingClock
from tests.contract.usage.conftest import KEEP
from tests.contract.usage.test_accounts import ALL, DAY, KEY, NOON, SUM, batch

STALE = 60.0
BY_SUBJECT = replace(ALL, first=DAY - timedelta(days=1), group_by=(UsageDimension.SUBJECT,))
SUMS = {
    replace(KEY, tenant=tenant, subject=subject, purpose=purpose, day=day): SUM
    for tenant in ("acme", "globex")
    for subject in ("ann", "bob", "")
    for purpose in (Purpose.ANSWER, Purpose.CHECK)
    for day in (DAY, DAY - timedelta(days=1))
}


class Erasing:
    """An erasure of accounts that hold something."""

    def __init__(self, database: RecordsDatabase, clock: SteppingClock) -> None:
        self.accounts = SqlUsageRecords(database, clock, KEEP)
        self.erasure = SqlUsageErasure(database, clock, self._write, STALE)
        self.waiting: list[UsageBatch] = []

    async def _write(self) -> bool:
        for each in self.waiting:
            await self.accounts.write("own", NOON, each)
        return True

    async def erase(self, selection: RecordSelection, deadline: Deadline = NEVER) -> ErasedPlace:
        (place,) = await self.erasure.erase(RecordErasure("acme", selection), deadline)
        return place

    async def subjects(self, query: UsageQuery = BY_SUBJECT) -> dict[str | None, int]:
        return {row.subject: row.sums.calls for row in await self.accounts.query(query, None, 100)}


@pytest.fixture
async def erasing(database: RecordsDatabase, clock: SteppingClock) -> Erasing:
    made = Erasing(database, clock)
    made.waiting.append(batch(1, SUMS))
    return made


async def test_a_subject_has_another_name_and_the_same_numbers(erasing: Erasing) -> None:
    assert await erasing.erase(OneSubject("ann")) == ErasedPlace(ErasedPlaceKind.USAGE, 1)
    named = await erasing.subjects()
    (nobody,) = named.keys() - {"bob", ""}
    assert nobody is not None
    assert nobody.startswith(NOBODY)
    assert named[nobody] == named["bob"] == 4 * SUM.calls
    assert "ann" in await erasing.subjects(replace(BY_SUBJECT, tenant="globex"))


async def test_of_a_tenant_each_subject_has_another_name(erasing: Erasing) -> None:
    assert (await erasing.erase(EntireTenant())).count == 2
    named = await erasing.subjects()
    assert sum(named.values()) == 12 * SUM.calls
    assert len([each for each in named if each and each.startswith(NOBODY)]) == 2
    assert (await erasing.erase(EntireTenant())).count == 0


@pytest.mark.parametrize("subject", ["erased-carla@example.com", "erased-", "erased-0123456789abcdefg", "ERASED-x"])
async def test_a_subject_that_is_called_as_if_it_were_erased_is_erased(erasing: Erasing, subject: str) -> None:
    erasing.waiting.append(batch(2, {replace(KEY, subject=subject): SUM}))
    await erasing.erase(EntireTenant())
    assert subject not in await erasing.subjects()


async def test_a_name_that_is_erased_twice_has_two_others(erasing: Erasing) -> None:
    await erasing.erase(OneSubject("ann"))
    erasing.waiting.append(batch(2, {KEY: SUM}))
    assert (await erasing.erase(OneSubject("ann"))).count == 1
    assert len(await erasing.subjects()) == 4


@pytest.mark.parametrize("selection", [OneEndUser("visitor"), OneDocument("faq.md")])
async def test_the_accounts_know_neither_end_users_nor_documents(erasing: Erasing, selection: RecordSelection) -> None:
    assert await erasing.erasure.erase(RecordErasure("acme", selection), NEVER) == []
    assert await erasing.erasure.erase(Erasure("acme", EntireTenant()), NEVER) == []


async def test_the_next_batch_of_a_process_that_lives_is_waited_for(erasing: Erasing, clock: SteppingClock) -> None:
    await erasing.accounts.write("lives", NOON, batch(1))
    clock.step(1.0)
    erasing.waiting = [batch(1, SUMS, cut=clock.today())]
    task = asyncio.create_task(erasing.erase(OneSubject("ann")))
    await asyncio.sleep(0.01)
    assert not task.done()
    await erasing.accounts.write("lives", NOON, batch(2, {KEY: SUM}, cut=clock.today()))
    await task
    assert "ann" not in await erasing.subjects()


async def test_a_process_that_does_not_write_in_time_leaves_it_incomplete(
    erasing: Erasing, clock: SteppingClock
) -> None:
    await erasing.accounts.write("lives", NOON, batch(1))
    clock.step(1.0)
    place = await erasing.erase(OneSubject("ann"), Deadline(clock.now() + 0.01))
    assert (place.complete, place.count) == (False, 0)
    assert "again" in place.note


async def test_a_process_that_is_gone_is_not_waited_for(erasing: Erasing, clock: SteppingClock) -> None:
    await erasing.accounts.write("gone", NOON, batch(1))
    clock.step(STALE)
    erasing.waiting = [batch(1, SUMS, cut=clock.today())]
    assert (await erasing.erase(OneSubject("ann"))).complete
