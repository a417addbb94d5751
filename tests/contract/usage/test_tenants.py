"""The contract of TenantsUsage: sums and books over all tenants, on SQLite and PostgreSQL."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords
from groundwire_server.adapters.records.usage.tenants import SqlTenantsUsage
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import (
    OpenBook,
    TenantsUsage,
    TenantsUsageQuery,
    UsageBatch,
    UsageDimension,
    UsageKey,
    UsageQuery,
    UsageRow,
    UsageSum,
)
from tests.contract.operations.queued import SteppingClock
from tests.contract.usage.conftest import KEEP

DAY = date(2026, 11, 27)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = UsageKey("acme", DAY, "ann", "default", "big", Purpose.ANSWER, "EUR")
SUM = UsageSum(100, 40, 20, 1500, 2, 1)
TWICE = UsageSum(200, 80, 40, 3000, 4, 2)
THREE_TIMES = UsageSum(300, 120, 60, 4500, 6, 3)
ALL = TenantsUsageQuery(DAY, DAY)
BY_TENANT = replace(ALL, group_by=(UsageDimension.TENANT,))
KEYS = (KEY, replace(KEY, tenant="globex"), replace(KEY, tenant="globex", model="small", subject="bob"))


@pytest.fixture
def tenants(database: RecordsDatabase, clock: SteppingClock) -> TenantsUsage:
    return SqlTenantsUsage(database, clock)


@pytest.fixture
def written(database: RecordsDatabase, clock: SteppingClock) -> SqlUsageRecords:
    return SqlUsageRecords(database, clock, KEEP)


def batch(sums: Mapping[UsageKey, UsageSum], open_calls: Mapping[str, int] | None = None) -> UsageBatch:
    return UsageBatch(1, NOON, sums, open_calls or {})


async def test_sums_are_over_all_tenants(tenants: TenantsUsage, written: SqlUsageRecords) -> None:
    await written.write("one", NOON, batch(dict.fromkeys(KEYS, SUM)))
    assert await tenants.query(ALL, None, 10) == [UsageRow(THREE_TIMES, "EUR")]


async def test_tenants_are_told_apart(tenants: TenantsUsage, written: SqlUsageRecords) -> None:
    await written.write("one", NOON, batch(dict.fromkeys(KEYS, SUM)))
    assert await tenants.query(BY_TENANT, None, 10) == [
        UsageRow(SUM, "EUR", tenant="acme"),
        UsageRow(TWICE, "EUR", tenant="globex"),
    ]
    by_model = replace(ALL, group_by=(UsageDimension.MODEL, UsageDimension.TENANT))
    assert [(row.model, row.tenant) for row in await tenants.query(by_model, None, 10)] == [
        ("big", "acme"),
        ("big", "globex"),
        ("small", "globex"),
    ]


async def test_the_sums_of_one_tenant_are_those_that_the_tenant_is_told(
    tenants: TenantsUsage, written: SqlUsageRecords
) -> None:
    await written.write("one", NOON, batch(dict.fromkeys(KEYS, SUM)))
    group_by = (UsageDimension.SUBJECT, UsageDimension.MODEL)
    for tenant in ("acme", "globex"):
        found = await tenants.query(replace(ALL, tenant=tenant, group_by=group_by), None, 10)
        assert found == await written.query(UsageQuery(tenant, DAY, DAY, group_by), None, 10)
    assert await tenants.query(replace(ALL, tenant="initech"), None, 10) == []


async def test_pages_hold_every_row_once(tenants: TenantsUsage, written: SqlUsageRecords) -> None:
    keys = [
        replace(KEY, tenant=tenant, subject=subject, currency=currency)
        for tenant in ("acme", "globex", "initech")
        for subject in ("", "ann")
        for currency in ("", "EUR")
    ]
    await written.write("one", NOON, batch(dict.fromkeys(keys, SUM)))
    query = replace(ALL, group_by=tuple(UsageDimension))
    paged: list[UsageRow] = []
    while page := await tenants.query(query, paged[-1] if paged else None, 5):
        paged += page
    assert paged == await tenants.query(query, None, 1000)
    assert len(paged) == len(keys)


async def test_open_books_have_the_calls_of_all_tenants_or_of_the_one_asked_for(
    tenants: TenantsUsage, written: SqlUsageRecords, clock: SteppingClock
) -> None:
    began = NOON - timedelta(hours=1)
    await written.write("idle", began, batch({}))
    await written.write("gone", began, batch({}, {"acme": 2, "globex": 7}))
    clock.step(60.0)
    assert (await tenants.books(ALL, 60.0)).open == [OpenBook("gone", began, NOON, 9), OpenBook("idle", began, NOON, 0)]
    globex = await tenants.books(replace(ALL, tenant="globex"), 60.0)
    assert [each.open_calls for each in globex.open] == [7, 0]
