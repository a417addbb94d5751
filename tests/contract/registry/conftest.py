"""Runs the suite over RegistryRecords on SQLite, and on a real PostgreSQL where one is installed."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from groundwire_server.adapters.records.audit.sql import SqlAuditRecords
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.registry.sql import SqlRegistryRecords
from groundwire_server.domain.experiments.experiment import Arm, Experiment, ExperimentUnit, RampStep
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion
from groundwire_server.ports.audit import AuditEntry
from tests.contract.operations.queued import SteppingClock, empty
from tests.contract.reviews.conftest import _key, postgres_url, sealing, sql_options, sqlite_template

__all__ = ["_key", "postgres_url", "sql_options", "sqlite_template"]

TENANT = "operations"
START = datetime(2026, 11, 27, 12, tzinfo=UTC)


def version(number: str, text: str = "", *, name: str = "answer", author: str = "ana") -> PromptVersion:
    """Return a version that is to be pushed."""
    return PromptVersion(name, number, text or f"text of {number}", PromptOrigin.RECORDS, author)


def label(number: str, word: str = "production", *, previous: str = "", actor: str = "ana") -> PromptLabel:
    """Return a label that is to be set."""
    return PromptLabel("answer", word, number, previous, actor, reason=f"to {number}")


def definition(name: str = "shorter", *, end: datetime | None = None, note: str = "") -> str:
    """Return the file of an experiment, which starts at START."""
    return json.dumps({"name": name, "end": end and end.isoformat(), "note": note})


def parse(text: str, start: datetime) -> Experiment:
    """Read such a file."""
    try:
        read = json.loads(text)
    except ValueError:
        raise SetupError("not a definition") from None
    return Experiment(
        name=read["name"],
        route="default",
        unit=ExperimentUnit.END_USER,
        arms=(Arm("control", 50), Arm("candidate", 30, {"prompt": {"version": "1.4.0"}}), Arm("other", 20)),
        ramp=(RampStep(0, 100),),
        start=start,
        definition=text,
        end=None if read["end"] is None else datetime.fromisoformat(read["end"]),
        actor="ana",
    )


def experiment(name: str = "shorter", *, end: datetime | None = None, note: str = "") -> Experiment:
    """Return an experiment that is to be applied."""
    return parse(definition(name, end=end, note=note), START)


def later(seconds: float) -> datetime:
    """Return a time after START."""
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Registry:
    """The records of one process, and what it looks at them with."""

    records: SqlRegistryRecords
    audit: SqlAuditRecords
    database: RecordsDatabase
    clock: SteppingClock

    @classmethod
    def of(cls, database: RecordsDatabase, clock: SteppingClock) -> "Registry":
        records = SqlRegistryRecords(database, sealing(), clock, TENANT, parse)
        return cls(records, SqlAuditRecords(database, sealing()), database, clock)

    async def entries(self) -> list[AuditEntry]:
        """Return the audit trail of the tenant that manages prompts, and make sure that it is intact."""
        assert (await self.audit.verify(TENANT, None)).intact
        return list(await self.audit.page(TENANT, "", 0, 1000))


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
async def registry(sql_options: RecordsOptions, clock: SteppingClock) -> AsyncIterator[Registry]:
    """The records in each database, which is empty."""
    async with records_database(sql_options) as database:
        await empty(database)
        yield Registry.of(database, clock)


@pytest.fixture
async def other(sql_options: RecordsOptions, registry: Registry) -> AsyncIterator[Registry]:
    """The same records as another process has them."""
    async with records_database(sql_options) as database:
        yield Registry.of(database, registry.clock)
