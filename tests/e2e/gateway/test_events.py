"""Answers as server-sent events."""

import asyncio
import gzip
import json

import pytest

from groundwire_server.edge import sink
from groundwire_server.edge.gateway.options import GatewayOptions
from tests.doubles.generator import ScriptedGenerator, Wait
from tests.e2e.calls import ingest
from tests.e2e.conftest import Serve
from tests.e2e.gateway.conftest import EVENTS, JSON, LISTEN, QUESTION, TENANT, Browser, browsing, events

RESUMABLE = {**QUESTION, "requestId": "request-4711", "resumeWindow": "60s"}


async def test_each_event_has_its_kind_its_number_and_its_json(browser: Browser) -> None:
    reply = await browser.send(EVENTS, RESUMABLE, JSON | TENANT | {"accept": "text/event-stream"})
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")
    assert reply.headers["cache-control"] == "no-store"
    *written, end = events(reply.body)
    assert [each["event"] for each in written] == ["started", "evidence", "text_delta", "citation", "outcome"]
    assert [each["id"] for each in written] == ["1", "2", "3", "4", "5"]
    assert json.loads(written[2]["data"])["textDelta"]["text"].startswith("Lambda expressions")
    assert end["event"] == "end"
    assert json.loads(end["data"])["metadata"]["groundwire-request-id"] == ["request-4711"]


async def test_the_last_event_id_resumes_a_stream(browser: Browser) -> None:
    await browser.send(EVENTS, RESUMABLE, JSON | TENANT)
    reply = await browser.send(EVENTS, {**RESUMABLE, "afterSequence": 1}, JSON | TENANT | {"last-event-id": "3"})
    assert [each.get("id") for each in events(reply.body)] == ["4", "5", None]


async def test_an_error_before_the_first_event_is_one_of_http(browser: Browser) -> None:
    reply = await browser.send(EVENTS, QUESTION, JSON)
    assert (reply.status, reply.json["code"]) == (401, "unauthenticated")
    assert reply.headers["trailer-groundwire-request-id"]
    reply = await browser.send(EVENTS, {"question": {"text": ""}}, JSON | TENANT)
    assert (reply.status, reply.reason) == (400, "INVALID_REQUEST")


async def test_a_malformed_number_is_refused(browser: Browser) -> None:
    for header in ("last-event-id", "connect-timeout-ms"):
        reply = await browser.send(EVENTS, QUESTION, JSON | TENANT | {header: "-1"})
        assert (reply.status, reply.json["code"]) == (400, "invalid_argument")
        assert header in reply.json["message"]


async def test_what_takes_no_events_is_refused(browser: Browser) -> None:
    reply = await browser.send(EVENTS, QUESTION, JSON | TENANT | {"accept": "application/json"})
    assert reply.status == 406
    reply = await browser.send(EVENTS, QUESTION, TENANT | {"content-type": "text/plain"})
    assert reply.status == 415
    reply = await browser.send(EVENTS, method="GET", headers=TENANT)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


async def test_a_deadline_ends_the_events(serve: Serve) -> None:
    generator = ScriptedGenerator([Wait(3600)])
    async with serve(generator, gateway=GatewayOptions(listen=LISTEN)) as product, browsing(product) as browser:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        reply = await browser.send(EVENTS, QUESTION, JSON | TENANT | {"connect-timeout-ms": "700"})
        assert events(reply.body)[-1]["event"] in {"end", "error"}
        assert generator.cancelled == 1


async def test_a_silent_stream_has_heartbeats_and_ends_with_its_client(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "HEARTBEAT_SECONDS", 1.0)
    generator = ScriptedGenerator([Wait(3600)])
    options = GatewayOptions(listen=LISTEN)
    async with serve(generator, gateway=options) as product, browsing(product) as browser:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        body = json.dumps(QUESTION)
        async with browser.session.post(browser.url + EVENTS, data=body, headers=JSON | TENANT) as response:
            async for line in response.content:
                if line == b": heartbeat\n":
                    break
        await asyncio.wait_for(generator.ended.wait(), 60)
        assert generator.cancelled == 1


async def test_a_body_in_another_encoding_is_refused(browser: Browser) -> None:
    headers = JSON | TENANT | {"content-encoding": "gzip"}
    reply = await browser.send(EVENTS, gzip.compress(json.dumps(QUESTION).encode()), headers)
    assert (reply.status, reply.json["message"]) == (415, "send the body without content-encoding")
