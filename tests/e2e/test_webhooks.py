"""Webhooks of queued answers, posted by a running server to a real receiver over HTTPS."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from groundwire.v1 import answer_service_pb2
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.outbox import SqlOutboxRecords
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.options.secret import Secret
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.outbox import OutboxEntry, OutboxKind
from groundwire_server.telemetry import metrics
from groundwire_server.work.webhooks import WebhookOptions
from tests.doubles.webhook_receiver import Receiver, receiving
from tests.e2e.calls import SECONDS
from tests.e2e.conftest import Product, Serve
from tests.e2e.test_queue_work import PROMPT, filled, submit, wait

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXT = "Lambda expressions create anonymous functions."
HANG = 0


@dataclass
class Told:
    """A server, and a receiver whose statuses follow each other; the last goes on."""

    product: Product
    receiver: Receiver

    async def submit(self, *, include_answer: bool = False) -> str:
        """Submit a question with a webhook, and wait until it is answered; return its operation."""
        webhook = answer_service_pb2.Webhook(url=self.receiver.url, include_answer=include_answer)
        name: str = (await submit(self.product, webhook=webhook)).name
        await wait(self.product, name)
        return name

    async def tries(self, count: int) -> Sequence[dict[str, str]]:
        """Return the headers of the tries once there are that many."""
        async with asyncio.timeout(SECONDS):
            while len(self.receiver.requests) < count:  # noqa: ASYNC110  # the receiver tells nobody
                await asyncio.sleep(0.01)
        return self.receiver.headers

    async def counted(self, result: str) -> None:
        """Wait until a webhook has come to this."""
        async with asyncio.timeout(SECONDS):
            while not self.product.counts.of(metrics.WEBHOOKS, result):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundwire_server.work.outbox.SECONDS", 0.02)


@asynccontextmanager
async def telling(serve: Serve, folder: Path, *statuses: int) -> AsyncIterator[Told]:
    left = list(statuses)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == HANG:
            await asyncio.sleep(SECONDS)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with receiving(folder, answer, "localhost") as receiver:
        named = f"localhost:{receiver.port}"
        webhooks = WebhookOptions(
            hosts=(named,),
            private_hosts=("localhost",),
            secrets={"acme": Secret("env://ACME", SIGNING)},
            ca_file=receiver.ca,
            timeout_seconds=2.0 if HANG in statuses else SECONDS,
            backoff_seconds=0.05,
        )
        queue = QueueConfig.model_construct(**dict(PROMPT), webhooks=webhooks)
        async with serve(queue=queue) as product:
            await filled(product)
            yield Told(product, receiver)


@pytest.mark.parametrize("include_answer", [False, True])
async def test_a_webhook_is_signed_and_holds_a_text_only_where_it_was_asked_for(
    serve: Serve, tmp_path: Path, *, include_answer: bool
) -> None:
    async with telling(serve, tmp_path, 204) as told:
        name = await told.submit(include_answer=include_answer)
        (headers,) = await told.tries(1)
        (body,) = told.receiver.requests
        data: dict[str, Any] = Webhook(SIGNING).verify(body, headers)["data"]
        assert (data["name"], data["has"]) == (name, "response")
        assert (TEXT in json.dumps(data)) is include_answer
        assert ("lambdas" in json.dumps(data)) is include_answer
        await told.counted("DELIVERED")


@pytest.mark.parametrize("refusal", [500, 302, 404, HANG], ids=["500", "a redirect", "404", "silence"])
async def test_what_was_not_taken_is_sent_again_under_the_same_id(serve: Serve, tmp_path: Path, refusal: int) -> None:
    async with telling(serve, tmp_path, refusal, refusal, 200) as told:
        name = await told.submit()
        tries = await told.tries(3)
        await told.counted("DELIVERED")
        assert len(tries) == 3
        assert {each["webhook-id"] for each in tries} == {name.replace("operations/", "msg_")}
        assert len(set(told.receiver.requests)) == 1
        for headers, body in zip(tries, told.receiver.requests, strict=True):
            Webhook(SIGNING).verify(body, headers)
        assert told.receiver.paths == ["/answers"] * 3


async def test_a_receiver_that_wants_no_more_gets_no_more(serve: Serve, tmp_path: Path) -> None:
    async with telling(serve, tmp_path, 410, 200) as told:
        await told.submit()
        await told.counted("GIVEN_UP")
        # A later one is delivered, so there was time for the first to be sent again.
        name = await told.submit()
        await told.counted("DELIVERED")
        assert [each["webhook-id"] for each in told.receiver.headers][1:] == [name.replace("operations/", "msg_")]


async def test_a_delivery_that_was_not_recorded_is_repeated_under_the_same_id(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, failed = SqlOutboxRecords.done, asyncio.Event()

    async def gone_once(outbox: SqlOutboxRecords, entries: Collection[OutboxEntry]) -> None:
        if not failed.is_set() and any(entry.kind is OutboxKind.WEBHOOK for entry in entries):
            # The receiver has it, and this process ends before it has written that down.
            failed.set()
            raise RecordsError(RecordsFault.UNREACHABLE)
        await record(outbox, entries)

    monkeypatch.setattr(SqlOutboxRecords, "done", gone_once)
    monkeypatch.setattr("groundwire_server.work.outbox.LEASE_SECONDS", 0.3)
    async with telling(serve, tmp_path, 200) as told:
        await told.submit()
        await told.counted("DELIVERED")
        first, second = told.receiver.headers
        assert failed.is_set()
        assert first["webhook-id"] == second["webhook-id"]
        assert told.receiver.requests[0] == told.receiver.requests[1]
