"""Clients that leave, at any moment of a call, give back what the call had."""

import asyncio
import json

import pytest

from groundwire_server.admission.capacity import CapacityOptions
from groundwire_server.edge.gateway.options import GatewayOptions
from tests.doubles.generator import ScriptedGenerator, Wait
from tests.e2e.calls import ingest
from tests.e2e.conftest import Serve
from tests.e2e.gateway.conftest import ANSWER, EVENTS, LISTEN, QUESTION, STREAM, browsing, enveloped

ASKED = json.dumps(QUESTION).encode()
RETRIEVE = "groundwire.v1.RetrievalService/Retrieve"
INGEST = "/groundwire.v1.DocumentService/IngestDocuments"
DOCUMENT = {"document": {"documentId": "more", "text": "A sentence.", "contentType": "text/plain"}}


def request(path: str, kind: str, body: bytes, length: int | None = None) -> bytes:
    """A request, whose body may be announced longer than it is."""
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ngroundwire-tenant: acme\r\n"
    return f"{head}content-length: {len(body) if length is None else length}\r\n\r\n".encode() + body


WITH_A_MODEL = {
    "a unary call": request(ANSWER, "application/json", ASKED),
    "events": request(EVENTS, "application/json", ASKED),
    "a stream": request(STREAM, "application/connect+json", enveloped(QUESTION)),
    "a stream of gRPC-Web": request(STREAM, "application/grpc-web+json", enveloped(QUESTION)),
}
WITHOUT = {
    "within the head": WITH_A_MODEL["a unary call"][:60],
    "within the body": request(ANSWER, "application/json", ASKED[:10], 5000),
    "within the body of events": request(EVENTS, "application/json", ASKED[:10], 5000),
    "within an envelope": request(STREAM, "application/connect+json", enveloped(QUESTION)[:20], 5000),
    "within an envelope of gRPC-Web": request(STREAM, "application/grpc-web+json", enveloped(QUESTION)[:3], 5000),
    "between documents": request(INGEST, "application/connect+json", enveloped(DOCUMENT), 5000),
    "before the response": request(f"/{RETRIEVE}", "application/json", b'{"text": "lambda"}'),
}


@pytest.mark.parametrize("moment", [*WITH_A_MODEL, *WITHOUT])
async def test_the_only_place_is_free_again(serve: Serve, moment: str, caplog: pytest.LogCaptureFixture) -> None:
    generator = ScriptedGenerator([Wait(3600)])
    one = CapacityOptions(max_concurrent=1, min_concurrent=1, max_background=1)
    async with (
        serve(generator, capacity=one, gateway=GatewayOptions(listen=LISTEN)) as product,
        browsing(product) as browser,
    ):
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        for abruptly in (True, False):
            _, writer = await asyncio.open_connection("127.0.0.1", int(browser.url.rpartition(":")[2]))
            writer.write((WITH_A_MODEL | WITHOUT)[moment])
            if moment in WITH_A_MODEL:
                await generator.began.wait()
                generator.began.clear()
            if abruptly:
                writer.transport.abort()
            else:
                writer.close()
        reply = await browser.call(RETRIEVE, {"text": "lambda expressions"}, {"connect-timeout-ms": "20000"})
        assert reply.status == 200, reply.body
        assert generator.cancelled == (2 if moment in WITH_A_MODEL else 0)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
