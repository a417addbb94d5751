"""Reviews in PostgreSQL, and two servers that share them: one asks, the other decides."""

import asyncio
import base64
from pathlib import Path

import grpc.aio
import pytest

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from tests.e2e.conftest import Serve, serving
from tests.e2e.reviews.desk import LAMBDAS, OTTO, RITA, Metadata, name_of, outcome_of, reviewing, waiting
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

pytestmark = [needs_postgres, pytest.mark.process]


@pytest.fixture
async def options(postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch) -> RecordsOptions:
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(range(32))).decode())
    keys = [{"id": "one", "key": "env://RECORDS_KEY"}]
    made = RecordsOptions.model_validate({"url": await postgres.create(), "username": USER, "keys": keys})
    async with records_database(made) as database:
        await schema.upgrade(database)
    return made


async def test_one_server_asks_and_another_decides(serve: Serve, options: RecordsOptions, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    async with (
        reviewing(serve, records_options=options) as asking,
        reviewing(serving(beside), records_options=options) as deciding,
    ):
        waits = await asking.ask()
        await deciding.claim(waits.ticket)
        waiting_for = asyncio.create_task(asking.wait(waits.operation))
        review = await deciding.call("ApproveReview", ticket=waits.ticket)
        assert name_of(review) == "APPROVED"
        # No broker tells of it: the other server looks every second.
        assert outcome_of(await waiting_for).answered.answer.text == LAMBDAS


async def test_two_reviewers_at_two_servers_never_decide_one_ticket_both(
    serve: Serve, options: RecordsOptions, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    async with (
        reviewing(serve, records_options=options) as one,
        reviewing(serving(beside), records_options=options) as two,
    ):
        for _ in range(5):
            ticket = (await one.ask()).ticket

            async def decide(at: int, who: Metadata, method: str, ticket: str = ticket) -> str:
                desk = (one, two)[at]
                try:
                    await desk.claim(ticket, who)
                    return name_of(await desk.call(method, who, ticket=ticket))
                except grpc.aio.AioRpcError as failed:
                    return failed.code().name

            ends = await asyncio.gather(decide(0, RITA, "ApproveReview"), decide(1, OTTO, "RejectReview"))
            assert len({"APPROVED", "REJECTED"} & set(ends)) == 1


async def test_what_nobody_decides_expires_once_among_two_servers(
    serve: Serve, options: RecordsOptions, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    short = waiting(answer_within=10.0)
    async with (
        reviewing(serve, short, records_options=options) as one,
        reviewing(serving(beside), waiting(answer_within=10.0), records_options=options),
    ):
        waits = await one.ask()
        while not (operation := await one.wait(waits.operation)).done:
            pass
        assert outcome_of(operation).WhichOneof("result") == "abstained"
        expired = [each for each in await one.trail() if each.event == "review.expired"]
        assert len(expired) == 1
