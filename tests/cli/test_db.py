"""`groundwire db`, and what `groundwire doctor` says of the database of records."""

import asyncio
import base64
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.records_examination import examine_records
from groundwire_server.cli.exits import ExitCode
from tests.cli.conftest import Ran
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

Command = Callable[..., Ran]

FILE = Path("groundwire-data/records.sqlite3")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found() -> list[CheckResult]:
    return list(examine_records(load(Sources(environment=os.environ)).configuration))


def place() -> str:
    return f"sqlite:///{FILE.absolute()}"


def set_revision(revision: str) -> None:
    with closing(sqlite3.connect(FILE)) as connection:
        connection.execute("UPDATE records_version SET version_num = ?", (revision,))
        connection.commit()


def test_an_upgrade_makes_a_file_that_is_not_there_and_a_second_changes_nothing(groundwire_command: Command) -> None:
    assert (groundwire_command("db", "current").out, FILE.exists()) == ("none\t0003\n", False)
    assert groundwire_command("db", "upgrade").out == f"{place()}: upgraded from nothing to revision 0003\n"
    assert groundwire_command("db", "upgrade").out == f"{place()} has revision 0003 already\n"
    ran = groundwire_command("db", "current")
    assert (ran.code, ran.out) == (0, "0003\t0003\n")


def test_a_dry_run_prints_sql_that_makes_the_same_tables(groundwire_command: Command) -> None:
    ran = groundwire_command("db", "upgrade", "--dry-run")
    assert not FILE.exists()
    FILE.parent.mkdir()
    with closing(sqlite3.connect(FILE)) as connection:
        connection.executescript(ran.out)
    assert groundwire_command("db", "current").out == "0003\t0003\n"
    assert groundwire_command("db", "upgrade", "--dry-run").out == ""


def test_a_newer_schema_is_left_alone(groundwire_command: Command) -> None:
    groundwire_command("db", "upgrade")
    set_revision("9999")
    for arguments in ("upgrade",), ("upgrade", "--dry-run"):
        ran = groundwire_command("db", *arguments)
        assert (ran.code, ran.out) == (ExitCode.FAILED, "")
        assert "run the newer groundwire, or restore a backup" in ran.err
    ran = groundwire_command("db", "current")
    assert (ran.code, ran.out) == (ExitCode.INCOMPLETE, "9999\t0003\n")
    (newer,) = found()
    assert newer.state is CheckState.FAIL


def test_without_records_there_is_nothing_to_upgrade(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDWIRE_RECORDS__ENABLED", "false")
    ran = groundwire_command("db", "upgrade")
    assert ran.err == "groundwire: there is no database of records: records.enabled is false\n"
    assert found() == []


def test_a_check_changes_nothing_and_says_what_is_right(groundwire_command: Command) -> None:
    assert [each.message for each in found()] == [f"{FILE.absolute()} is made at the first start"]
    groundwire_command("db", "upgrade")
    before = FILE.read_bytes()
    ran = groundwire_command("db", "check")
    assert (ran.code, FILE.read_bytes(), FILE.with_name("records.key").exists()) == (0, before, False)
    (right,) = found()
    assert right.message == f"{place()} has revision 0003, which this version uses"


def test_a_check_finds_a_file_that_is_none(groundwire_command: Command) -> None:
    FILE.parent.mkdir()
    FILE.write_bytes(b"no database " * 1000)
    assert groundwire_command("db", "check").code == ExitCode.FAILED
    (damaged,) = found()
    assert damaged.message.endswith("is damaged, or is not a database: restore a backup, or name another file")


@pytest.mark.process
@needs_postgres
def test_postgresql_is_upgraded_and_examined(
    groundwire_command: Command, postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = asyncio.run(postgres.create())
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())
    keys = "[{id: k1, key: 'env://RECORDS_KEY'}]"
    Path("groundwire.yaml").write_text(f"records: {{url: '{url}', username: {USER}, keys: {keys}}}\n")
    (empty,) = list(examine_records(load(Sources(Path("groundwire.yaml"))).configuration))
    assert (empty.state, empty.advice) == (CheckState.FAIL, "run `groundwire db upgrade`")
    assert "CREATE TABLE operations" in groundwire_command("db", "upgrade", "--dry-run").out
    assert groundwire_command("db", "current").out == "none\t0003\n"
    assert groundwire_command("db", "upgrade").code == 0
    assert groundwire_command("db", "check").code == 0
