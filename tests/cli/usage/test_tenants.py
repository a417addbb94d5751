"""`groundwire usage --records`: the accounts of all tenants, out of the database."""

import asyncio
import base64
import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import records_options
from groundwire_server.cli.exits import ExitCode
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import UsageBatch, UsageKey, UsageSum
from tests.cli.conftest import Ran
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

Command = Callable[..., Ran]

FILE = Path("groundwire-data/records.sqlite3")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAYS = ("--from", "2026-11-26", "--to", "2026-11-26")
RECORDS = ("usage", "--records", *DAYS)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def written(groundwire_command: Command) -> None:
    """Accounts of two tenants, whose process was killed."""
    assert groundwire_command("db", "upgrade").code == 0
    write(Sources())


def write(sources: Sources) -> None:
    options = records_options(load(sources).configuration)
    assert options is not None
    one = UsageSum(812, 512, 61, 1969, 2, 0)
    keys = [
        UsageKey(tenant, NOON.date(), "app", "faq", "large", Purpose.ANSWER, "EUR") for tenant in ("acme", "globex")
    ]
    batch = UsageBatch(1, NOON, dict.fromkeys(keys, one), {"acme": 1, "globex": 2})

    async def written() -> None:
        async with records_database(options) as database:
            await SqlUsageRecords(database, SystemClock(), timedelta(days=400)).write("killed", NOON, batch)

    asyncio.run(written())


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.usefixtures("written")
def test_tenants_are_told_apart_without_a_server(groundwire_command: Command) -> None:
    ran = groundwire_command(*RECORDS, "--by", "tenant,model")
    assert ran.code == 0
    assert rows(ran.out) == [
        ["tenant", "model", "calls", "input_tokens", "cached_input_tokens", "output_tokens", "estimated_calls", "cost",
         "currency"],
        ["acme", "large", "2", "812", "512", "61", "0", "0.001969", "EUR"],
        ["globex", "large", "2", "812", "512", "61", "0", "0.001969", "EUR"],
    ]  # fmt: skip
    assert "killed: written until 2026-11-26 12:00:00 UTC, 3 calls in flight" in " ".join(ran.err.split())


@pytest.mark.usefixtures("written")
def test_one_tenant_alone_and_never_by_the_environment(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDWIRE_TENANT", "acme")
    total = rows(groundwire_command(*RECORDS, "--by", "total").out)
    assert total[1][:2] == ["4", "1624"]
    one = rows(groundwire_command(*RECORDS, "--by", "tenant", "--tenant", "globex").out)
    assert [row[:2] for row in one[1:]] == [["globex", "2"]]
    none = groundwire_command(*RECORDS, "--tenant", "initech")
    assert (none.code, len(rows(none.out))) == (0, 1)


@pytest.mark.usefixtures("written")
def test_as_json(groundwire_command: Command) -> None:
    found = json.loads(groundwire_command(*RECORDS, "--by", "tenant", "--json").out)
    assert [(row["tenant"], row["calls"], row["costMicros"]) for row in found["rows"]] == [
        ("acme", "2", "1969"),
        ("globex", "2", "1969"),
    ]
    assert [(book["process"], book["openCalls"]) for book in found["open"]] == [("killed", 3)]
    assert "countedTime" in found
    total = json.loads(groundwire_command(*RECORDS, "--by", "total", "--json").out)
    assert "tenant" not in total["rows"][0]


@pytest.mark.usefixtures("written")
def test_reading_changes_nothing(groundwire_command: Command) -> None:
    before = FILE.read_bytes()
    assert groundwire_command(*RECORDS).code == 0
    assert FILE.read_bytes() == before
    assert not FILE.with_name("records.key").exists()


def test_a_file_that_is_not_there_is_not_made(groundwire_command: Command) -> None:
    ran = groundwire_command(*RECORDS)
    assert (ran.code, ran.out) == (ExitCode.FAILED, "")
    assert "is not there: run this where the server keeps it, or correct records.url" in ran.err
    assert not FILE.exists()


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("revision", "advice"), [("0001", "run `groundwire db upgrade`"), ("9", "the newer groundwire")]
)
def test_tables_of_another_version_are_refused(groundwire_command: Command, revision: str, advice: str) -> None:
    with closing(sqlite3.connect(FILE)) as connection:
        connection.execute("UPDATE records_version SET version_num = ?", (revision,))
        connection.commit()
    ran = groundwire_command(*RECORDS)
    assert (ran.code, ran.out) == (ExitCode.FAILED, "")
    assert advice in ran.err


def test_without_records_there_is_nothing_to_sum(groundwire_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_RECORDS__ENABLED", "false")
    ran = groundwire_command(*RECORDS)
    assert ran.code == ExitCode.FAILED
    assert ran.err == "groundwire: there is no database of records: records.enabled is false\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--server", "127.0.0.1:1"), "--server is about a call to a server"),
        (("--token-file", "token"), "--token-file is about a call to a server"),
        (("--timeout", "3"), "--timeout is about a call to a server"),
        (("--by", "tenant,tenant"), "--by takes some of tenant, day"),
        (("--from", "2026-11-27"), "--to must not be before --from, 2026-11-27"),
        (("--from", "2025-10-01"), "--from must be at most 400 days before the end of --to"),
        (("--config", "gone.yaml"), "gone.yaml"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(
    groundwire_command: Command, arguments: tuple[str, ...], message: str
) -> None:
    ran = groundwire_command(*RECORDS, *arguments)
    assert ran.code == ExitCode.USAGE
    assert message in ran.err


@pytest.mark.process
@needs_postgres
def test_over_postgresql(
    groundwire_command: Command, postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = asyncio.run(postgres.create())
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())
    keys = "[{id: k1, key: 'env://RECORDS_KEY'}]"
    file = Path("other.yaml")
    file.write_text(f"records: {{url: '{url}', username: {USER}, keys: {keys}}}\n")
    empty = groundwire_command(*RECORDS, "--config", str(file))
    assert (empty.code, "run `groundwire db upgrade`" in empty.err) == (ExitCode.FAILED, True)
    assert groundwire_command("db", "upgrade", "--config", str(file)).code == 0
    write(Sources(file))
    ran = groundwire_command(*RECORDS, "--by", "tenant", "--config", str(file))
    assert [row[:2] for row in rows(ran.out)[1:]] == [["acme", "2"], ["globex", "2"]]
    assert "3 calls in flight" in " ".join(ran.err.split())


@pytest.mark.process
@needs_postgres
def test_a_user_of_postgresql_who_may_only_read_is_enough(
    groundwire_command: Command, postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncpg

    url = asyncio.run(postgres.create())
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())
    keys = "[{id: k1, key: 'env://RECORDS_KEY'}]"
    owner, reader = Path("owner.yaml"), Path("reader.yaml")
    owner.write_text(f"records: {{url: '{url}', username: {USER}, keys: {keys}}}\n")
    reader.write_text(f"records: {{url: '{url}', username: billing, keys: {keys}}}\n")
    assert groundwire_command("db", "upgrade", "--config", str(owner)).code == 0
    write(Sources(owner))

    async def allow(statement: str) -> None:
        name = url.split("?")[0].rpartition("/")[2]
        connection = await asyncpg.connect(host=str(postgres.folder), user=USER, database=name)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(allow("CREATE ROLE billing LOGIN"))
    refused = groundwire_command(*RECORDS, "--by", "tenant", "--config", str(reader))
    assert refused.code == ExitCode.FAILED
    assert "the user may not use the tables of records" in refused.err
    asyncio.run(allow("GRANT SELECT ON records_version, usage, usage_books, usage_open_calls TO billing"))
    ran = groundwire_command(*RECORDS, "--by", "tenant", "--config", str(reader))
    assert [row[:2] for row in rows(ran.out)[1:]] == [["acme", "2"], ["globex", "2"]]


def test_a_database_that_is_away_is_said(groundwire_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())
    keys = "[{id: k1, key: 'env://RECORDS_KEY'}]"
    Path("groundwire.yaml").write_text(f"records: {{url: 'postgresql://127.0.0.1:1/gone', keys: {keys}}}\n")
    ran = groundwire_command(*RECORDS)
    assert (ran.code, ran.out) == (ExitCode.FAILED, "")
    assert "cannot be reached" in ran.err
