"""What holds of the schema on every database of records."""

import asyncio
from collections.abc import Sequence
from pkgutil import iter_modules
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, inspect, select, text

from groundwire_server.adapters.records import schema, tables
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.tables.all import ALL_TABLES, SUBJECTS
from groundwire_server.adapters.records.tables.base import VERSION_TABLE
from groundwire_server.adapters.records.tables.operations import outbox
from groundwire_server.ports.operations import RecordsError


async def set_revision(database: RecordsDatabase, revision: str) -> None:
    changed = text(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")
    await database.write(lambda connection: connection.execute(changed))


async def test_a_new_database_has_no_revision(empty_database: RecordsDatabase) -> None:
    assert await schema.revision(empty_database) is None
    assert schema.fault_of(None) is RecordsFault.NO_SCHEMA


async def test_an_upgrade_makes_the_tables_that_the_program_uses(empty_database: RecordsDatabase) -> None:
    assert await schema.upgrade(empty_database) is None

    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), ALL_TABLES))

    assert await empty_database.read(differences) == []


def test_every_module_of_tables_is_among_all_tables() -> None:
    modules = {each.name for each in iter_modules(tables.__path__)}
    assert modules == {"all", "base", *(each.__name__.rpartition(".")[2] for each in SUBJECTS)}


async def test_a_second_upgrade_changes_nothing(empty_database: RecordsDatabase) -> None:
    await schema.upgrade(empty_database)
    assert await schema.upgrade(empty_database) == schema.REVISIONS[-1]
    assert schema.fault_of(await schema.revision(empty_database)) is None


async def test_an_upgrade_keeps_what_the_tables_held(empty_database: RecordsDatabase) -> None:
    held: dict[str, Sequence[Any]] = {}

    def fill(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(schema.STEPS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, schema.REVISIONS[0])
        for table in ALL_TABLES.sorted_tables:
            if inspect(connection).has_table(table.name):
                # As the older program writes them: it names none of the columns that came later.
                known = {each["name"] for each in inspect(connection).get_columns(table.name)}
                columns = [column for column in table.columns if column.name in known]
                names, values = ", ".join(each.name for each in columns), ", ".join(f":{each.name}" for each in columns)
                insertion = text(f"INSERT INTO {table.name} ({names}) VALUES ({values})")
                for number in range(2):
                    connection.execute(insertion, {each.name: _value(each, number) for each in columns})
                held[table.name] = connection.execute(select(*columns).order_by(*table.primary_key)).all()

    await empty_database.write(fill)
    assert held.keys() >= {"operations", "outbox", "ledger", "operation_history", "operation_documents"}
    assert await schema.upgrade(empty_database) == schema.REVISIONS[0]

    def check(connection: Connection) -> None:
        for name, before in held.items():
            table = ALL_TABLES.tables[name]
            columns = [table.columns[each] for each in before[0]._fields]
            assert connection.execute(select(*columns).order_by(*table.primary_key)).all() == before
        assert connection.scalars(select(outbox.c.receiver)).all() == ["", ""]

    await empty_database.read(check)


def _value(column: Column[Any], number: int) -> Any:
    """Return a value for a column of a row, which names the same operation in every table."""
    kind = column.type.python_type
    return f"{number:032x}"[-8:] if kind is str else bytes([number]) * 32 if kind is bytes else kind(number)


async def test_upgrades_at_once_wait_for_each_other(empty_database: RecordsDatabase) -> None:
    found = await asyncio.gather(*(schema.upgrade(empty_database) for _ in range(4)))
    assert sorted(found, key=str) == [*([schema.REVISIONS[-1]] * 3), None]


async def test_the_sql_of_an_upgrade_makes_the_same_tables(empty_database: RecordsDatabase) -> None:
    written = schema.upgrade_sql(empty_database.dialect, None)
    statements = [each for each in written.split(";\n") if each.strip() not in {"", "BEGIN", "COMMIT"}]

    def run(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    await empty_database.write(run)
    assert schema.fault_of(await schema.revision(empty_database)) is None
    assert schema.upgrade_sql(empty_database.dialect, schema.REVISIONS[-1]) == ""


@pytest.mark.parametrize("revision", ["0004", "9999", "of another branch"])
async def test_a_newer_schema_is_named_and_left_alone(empty_database: RecordsDatabase, revision: str) -> None:
    await schema.upgrade(empty_database)
    await set_revision(empty_database, revision)
    with pytest.raises(RecordsError) as refused:
        await schema.upgrade(empty_database)
    assert refused.value.fault is RecordsFault.NEW_SCHEMA
    assert await schema.revision(empty_database) == revision


async def test_tables_of_another_program_are_left_alone(empty_database: RecordsDatabase) -> None:
    foreign = text("CREATE TABLE operations (a integer)")
    await empty_database.write(lambda connection: connection.execute(foreign))
    with pytest.raises(RecordsError) as refused:
        await schema.upgrade(empty_database)
    assert refused.value.fault is RecordsFault.FOREIGN


def test_an_older_schema_is_known_by_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "REVISIONS", ("0001", "0002"))
    assert schema.fault_of("0001") is RecordsFault.OLD_SCHEMA
    assert schema.fault_of("0002") is None


def test_the_revisions_are_those_of_the_steps() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.STEPS))
    config.set_main_option("path_separator", "os")
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(reversed([step.revision for step in steps])) == schema.REVISIONS
