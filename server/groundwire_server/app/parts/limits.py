"""What models cost, and the limits on what callers may use."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.admission.budget import QuotaBudget
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.admission.quotas import Quotas
from groundwire_server.admission.waiting import WaitingLines
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.experiments.variants import route_of
from groundwire_server.app.parts.redis import open_redis
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.limits import SPENDING
from groundwire_server.domain.price import Price
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.quota_store import QuotaStore
from groundwire_server.ports.recording import Recording


@dataclass(frozen=True, slots=True)
class LimitParts:
    """The limits of one configuration.

    Attributes:
        table: which limits hold for a call.
        store: keeps the counts; None where nothing is limited.
        quotas: decides by them who may begin; None where nothing is limited.
        budget: decides by them which models are asked; None where nothing that models consume is limited.
        reports: says what they refuse; None where nothing is limited.
    """

    table: LimitTable
    store: QuotaStore | None = None
    quotas: Quotas | None = None
    budget: Budget | None = None
    reports: QuotaReports | None = None


def prices(configuration: Configuration) -> Mapping[str, Price]:
    """Return the price of each model that has one, by alias."""
    return {
        alias: model.price.price(configuration.spending.currency)
        for alias, model in configuration.models.items()
        if not isinstance(model, ExtractiveModelConfig) and model.price is not None
    }


async def open_limits(configuration: Configuration, lease: Lease, recording: Recording) -> LimitParts:
    """Return the limits of a configuration. The counts are those of the configuration before: a change forgets none.

    Raises:
        SetupError: when they are counted in Redis, and its client is not installed.
    """
    store = await open_quota_store(configuration.redis, lease)
    lines = await lease.take("waiting lines", lambda: nullcontext(WaitingLines()))
    table = _table(configuration)
    if not table:
        return LimitParts(table)
    without_store = {name: route.limits_without_store for name, route in configuration.routes.items()}
    reports = QuotaReports(recording.metrics, recording.lines)
    spending = any(row.limits.keys() & SPENDING for row in table.rows)
    return LimitParts(
        table,
        store,
        Quotas(table, store, lines, without_store, reports, SystemClock()),
        QuotaBudget(table, store, without_store, reports) if spending else None,
        reports,
    )


def _table(configuration: Configuration) -> LimitTable:
    priced = prices(configuration)
    free = {
        route_of(name)
        for name, route in configuration.routes.items()
        if any(each not in priced for each in route.models)
    }
    rows = [row.row(name) for name, row in configuration.limits.items()]
    return LimitTable(rows, configuration.spending.currency, frozenset(free))


async def open_quota_store(options: RedisOptions | None, lease: Lease) -> QuotaStore:
    """Return the counts of the process, or those in Redis.

    Raises:
        SetupError: when they are in Redis, and its client is not installed.
    """
    if options is None:
        return await lease.take("counts", lambda: nullcontext(MemoryQuotaStore(time.time)))
    client = await open_redis(options, lease)
    # Imported here: a server without Redis starts without its client.
    from groundwire_server.adapters.quota.redis import RedisQuotaStore  # noqa: PLC0415

    @asynccontextmanager
    async def opened() -> AsyncIterator[RedisQuotaStore]:
        store = RedisQuotaStore(client, options.key_prefix)
        yield store
        await store.flush()

    return await lease.take(("counts", options), opened)
