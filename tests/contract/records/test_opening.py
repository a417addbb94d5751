"""What holds at a start on every database of records."""

import asyncio
import base64

import pytest
from sqlalchemy import insert, text

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.encryption import SealedPlace
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.opening import OpenedRecords, opened_records
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables.base import VERSION_TABLE
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.domain.failure import SetupError


def with_keys(options: RecordsOptions, *ids: str) -> RecordsOptions:
    keys = [{"id": key_id, "key": f"env://KEY_{key_id.upper()}"} for key_id in ids]
    return RecordsOptions.model_validate({**options.model_dump(mode="json"), "keys": keys})


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(["K1", "K2"]):
        monkeypatch.setenv(f"KEY_{name}", base64.b64encode(bytes([number]) * 32).decode())


@pytest.fixture
async def upgraded(empty_database: RecordsDatabase) -> RecordsDatabase:
    await schema.upgrade(empty_database)
    return empty_database


async def put_question(records: OpenedRecords) -> None:
    sealed = records.sealing.seal(b"question", SealedPlace("acme", "ann", "op1", "sealed_question"))
    row = {
        "operation_id": "op1",
        "tenant": "acme",
        "subject": "app",
        "end_user": "",
        "route": "default",
        "request_id": "r1",
        "trace_id": "",
        "fingerprint": b"f",
        "priority": 0,
        "turn": 0.0,
        "state": "QUEUED",
        "attempts": 0,
        "attempts_most": 3,
        "due": 0,
        "accepted": 0,
        "expires": 0,
        "format": 1,
        "sealed_question": sealed,
    }
    await records.database.write(lambda connection: connection.execute(insert(operations).values(row)))


@pytest.mark.usefixtures("upgraded")
async def test_a_database_of_this_schema_opens_again_and_again(records_options: RecordsOptions) -> None:
    for _ in range(2):
        async with opened_records(records_options) as records:
            assert records.sealing.key_ids == ("k1",)


async def test_a_newer_schema_is_refused_with_what_to_do(
    upgraded: RecordsDatabase, records_options: RecordsOptions
) -> None:
    newer = text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    await upgraded.write(lambda connection: connection.execute(newer))
    with pytest.raises(SetupError, match="newer groundwire: run the newer groundwire, or restore a backup"):
        async with opened_records(records_options):
            pass


@pytest.mark.usefixtures("upgraded")
async def test_an_older_schema_is_refused_with_what_to_do(
    records_options: RecordsOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "0004"))
    with pytest.raises(SetupError, match="older groundwire: back them up, then run `groundwire db upgrade`"):
        async with opened_records(records_options):
            pass


@pytest.mark.usefixtures("upgraded")
async def test_a_key_that_records_need_is_missed_by_its_id(records_options: RecordsOptions) -> None:
    async with opened_records(with_keys(records_options, "k1")) as records:
        await put_question(records)
    with pytest.raises(SetupError, match="not configured, k1: add the key"):
        async with opened_records(with_keys(records_options, "k2")):
            pass
    async with opened_records(with_keys(records_options, "k2", "k1")) as records:
        assert records.sealing.key_ids == ("k2", "k1")


@pytest.mark.usefixtures("upgraded")
async def test_a_key_that_no_record_needs_any_more_may_go(records_options: RecordsOptions) -> None:
    async with opened_records(with_keys(records_options, "k1")):
        pass
    async with opened_records(with_keys(records_options, "k2")):
        pass


@pytest.mark.usefixtures("upgraded")
async def test_another_key_of_the_same_id_is_refused(
    records_options: RecordsOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_records(with_keys(records_options, "k1")):
        pass
    monkeypatch.setenv("KEY_K1", base64.b64encode(b"x" * 32).decode())
    with pytest.raises(SetupError, match="does not open with its key: check the key"):
        async with opened_records(with_keys(records_options, "k1")):
            pass


async def test_a_start_makes_the_tables_in_a_file_alone(
    empty_database: RecordsDatabase, records_options: RecordsOptions
) -> None:
    if records_options.file is not None:
        async with opened_records(records_options):
            pass
        assert await schema.revision(empty_database) == schema.REVISIONS[-1]
        return
    with pytest.raises(SetupError, match="no tables of records: run `groundwire db upgrade`"):
        async with opened_records(records_options):
            pass
    assert await schema.revision(empty_database) is None


async def test_a_database_that_was_restarted_is_asked_again(records_options: RecordsOptions) -> None:
    async with records_database(records_options) as database, records_database(records_options) as other:
        assert await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1
        if records_options.file is None:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            end = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            await other.run_outside_transactions(lambda connection: connection.execute(end))
        assert await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1


@pytest.mark.usefixtures("upgraded")
async def test_those_that_start_at_once_agree_on_the_key(
    records_options: RecordsOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OTHER", base64.b64encode(b"o" * 32).decode())
    other = [{"id": "k1", "key": "env://KEY_OTHER"}]
    patient = records_options.model_copy(update={"statement_seconds": 60})
    foreign = RecordsOptions.model_validate(patient.model_dump(mode="json") | {"keys": other})
    ended = await asyncio.gather(
        *(_opened(options) for options in [patient, patient, foreign, foreign]), return_exceptions=True
    )
    # Whichever came first: those with its key start, the others are refused.
    assert {type(each) for each in ended} == {type(None), SetupError}
    assert type(ended[0]) is type(ended[1]) is not type(ended[2])
    assert type(ended[2]) is type(ended[3])


async def _opened(options: RecordsOptions) -> None:
    async with opened_records(options):
        pass
