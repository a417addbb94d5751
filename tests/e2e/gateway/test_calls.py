"""Calls by the Connect protocol and gRPC-Web are those of gRPC: the same answers, errors, spans and records."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator

import grpc.aio
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2

from groundwire.v1 import answer_service_pb2, question_pb2, server_info_service_pb2
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.options import ArrivalOptions, ServerOptions
from groundwire_server.telemetry import metrics
from tests.doubles.generator import ScriptedGenerator, Wait
from tests.e2e.calls import ACME, info, ingest
from tests.e2e.conftest import Product, Serve
from tests.e2e.gateway.conftest import (
    ANSWER,
    JSON,
    LISTEN,
    QUESTION,
    STREAM,
    TENANT,
    Browser,
    browsing,
    enveloped,
    envelopes,
)
from tests.e2e.methods import METHODS, REQUESTS, Method

SENTENCE = "Lambda expressions create anonymous functions."


async def test_an_answer_in_json(browser: Browser, gateway: Product) -> None:
    reply = await browser.send(ANSWER, {**QUESTION, "requestId": "request-4711"}, JSON | TENANT)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json["outcome"]["answered"]["answer"]["text"] == SENTENCE
    assert reply.headers["trailer-groundwire-request-id"] == "request-4711"
    report = reply.json["outcome"]["report"]
    assert reply.headers["trailer-groundwire-trace-id"] == report["traceId"]
    assert gateway.counts.series(metrics.CALL_DURATION)["connectrpc", ANSWER[1:], "OK", ""] == 1


async def test_the_trace_goes_on_in_the_span(browser: Browser, gateway: Product) -> None:
    trace = "ab" * 16
    reply = await browser.call(ANSWER[1:], QUESTION, {"traceparent": f"00-{trace}-{'cd' * 8}-01"})
    assert reply.headers["trailer-groundwire-trace-id"] == trace
    assert gateway.spans.attributes(ANSWER[1:])["rpc.system.name"] == "connectrpc"


async def test_an_answer_in_the_binary_form(browser: Browser) -> None:
    request = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text=QUESTION["question"]["text"]))
    headers = {"content-type": "application/proto", **TENANT}
    reply = await browser.send(ANSWER, request.SerializeToString(), headers)
    response = answer_service_pb2.AnswerResponse.FromString(reply.body)
    assert response.outcome.answered.answer.text == SENTENCE


async def test_a_stream_in_json_ends_with_the_trailing_metadata(browser: Browser) -> None:
    *messages, end = await browser.stream(STREAM[1:], {**QUESTION, "requestId": "request-4711"})
    assert [each["sequence"] for each in messages] == list(range(1, len(messages) + 1))
    assert "started" in messages[0]
    assert messages[-1]["outcome"]["answered"]["answer"]["text"] == SENTENCE
    assert end["metadata"]["groundwire-request-id"] == ["request-4711"]
    assert "error" not in end


async def test_a_call_of_grpc_web(browser: Browser) -> None:
    request = server_info_service_pb2.GetServerInfoRequest()
    headers = {"content-type": "application/grpc-web+proto", **TENANT}
    path = "/groundwire.v1.ServerInfoService/GetServerInfo"
    reply = await browser.send(path, enveloped(request.SerializeToString()), headers)
    (flags, message), (last, trailers) = envelopes(reply.body)
    assert (flags, last) == (0, 0x80)
    assert server_info_service_pb2.GetServerInfoResponse.FromString(message).server_info.caller.tenant == "acme"
    assert b"grpc-status: 0\r\n" in trailers
    assert b"groundwire-request-id: " in trailers


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_every_call_ends_as_it_does_with_grpc(browser: Browser, gateway: Product, method: Method) -> None:
    request = MessageToDict(REQUESTS[method.name])
    # Without a tenant there is no caller: the same denial by either way, whatever the call would do.
    try:
        await method.call(gateway.channel, ())
        raise AssertionError("served without a caller")
    except grpc.aio.AioRpcError as denied:
        reason = info(denied).reason
    kind = "connect+json" if method.descriptor.client_streaming or method.descriptor.server_streaming else "json"
    body = json.dumps(request).encode()
    headers = {"content-type": f"application/{kind}"}
    reply = await browser.send(f"/{method.name}", enveloped(body) if kind != "json" else body, headers)
    if kind == "json":
        assert (reply.status, reply.reason) == (401, reason)
    else:
        ((flags, end),) = envelopes(reply.body)
        error = json.loads(end)["error"]
        assert flags == 2
        assert (error["code"], error["details"][0]["debug"]["reason"]) == ("unauthenticated", reason)


async def test_an_error_has_the_details_that_grpc_has(browser: Browser, gateway: Product) -> None:
    reply = await browser.call("groundwire.v1.AnswerService/Answer", {"question": {"text": ""}})
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await gateway.answers.Answer(answer_service_pb2.AnswerRequest(question=question_pb2.Question()), metadata=ACME)
    assert reply.status == 400
    assert (reply.json["code"], reply.json["message"]) == ("invalid_argument", raised.value.details())
    assert reply.reason == info(raised.value).reason == Reason.INVALID_REQUEST.value
    bad = reply.json["details"][1]
    assert bad["type"] == "google.rpc.BadRequest"
    packed = base64.b64decode(bad["value"] + "=" * (-len(bad["value"]) % 4))
    (violation,) = error_details_pb2.BadRequest.FromString(packed).field_violations
    assert violation.field == "question.text"
    assert bad["debug"]["fieldViolations"][0]["field"] == "question.text"


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (b'{"question": {"text": "a secret', "", "must be JSON; there is an error at line 1 column 31"),
        (b'["a secret"]', "", "must be a JSON object, a groundwire.v1.AnswerRequest"),
        (b'{"question": {"text": 4711}}', "question.text", "as JSON of groundwire.v1.AnswerRequest"),
        (b'{"question": 4711}', "question", "as JSON of groundwire.v1.AnswerRequest"),
        (b"\xff\xfe", "", "must be JSON"),
        (b"", "", "must be JSON"),
        (b"[" * 5000, "", "must be JSON"),
    ],
)
async def test_malformed_json_is_told_without_its_text(browser: Browser, body: bytes, field: str, says: str) -> None:
    reply = await browser.send(ANSWER, body, JSON | TENANT)
    assert (reply.status, reply.reason) == (400, Reason.INVALID_REQUEST.value)
    (violation,) = reply.json["details"][1]["debug"]["fieldViolations"]
    assert violation.get("field", "") == field
    assert says in violation["description"]
    assert b"secret" not in reply.body


async def test_a_compressed_request(browser: Browser) -> None:
    body = gzip.compress(json.dumps(QUESTION).encode())
    reply = await browser.send(ANSWER, body, {**JSON, **TENANT, "content-encoding": "gzip"})
    assert reply.json["outcome"]["answered"]["answer"]["text"] == SENTENCE


async def test_a_request_may_be_as_large_as_with_grpc_and_no_larger(browser: Browser) -> None:
    large = {"question": {"text": "x" * 5_000_000}}
    reply = await browser.send(ANSWER, large, JSON | TENANT)
    assert (reply.status, reply.json["code"]) == (400, "invalid_argument")
    reply = await browser.send(ANSWER, {"question": {"text": "x" * 17_000_000}}, JSON | TENANT)
    assert (reply.status, reply.json["code"]) == (429, "resource_exhausted")


async def test_a_bomb_is_not_unpacked(browser: Browser) -> None:
    body = gzip.compress(b" " * 100_000_000)
    reply = await browser.send(ANSWER, body, {**JSON, **TENANT, "content-encoding": "gzip"})
    assert (reply.status, reply.json["code"]) == (429, "resource_exhausted")


async def test_a_call_that_is_not_authenticated_ends_before_its_request_is_there(browser: Browser) -> None:
    arriving = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"question": '
        await arriving.wait()

    async with browser.session.post(browser.url + ANSWER, data=body(), headers=JSON) as response:
        assert response.status == 401
    arriving.set()


async def test_a_request_that_does_not_arrive_in_time_ends_the_call(serve: Serve) -> None:
    arriving = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"question": '
        await arriving.wait()

    options = ServerOptions(arrival=ArrivalOptions(request_seconds=1.0))
    async with serve(options=options, gateway=GatewayOptions(listen=LISTEN)) as product, browsing(product) as browser:
        async with browser.session.post(browser.url + ANSWER, data=body(), headers=JSON | TENANT) as response:
            assert response.status == 504
            assert (await response.json())["code"] == "deadline_exceeded"
        arriving.set()
        assert product.counts.of(metrics.CALLS_REFUSED, "arrival") == 1


async def test_documents_are_sent_in_one_body_and_each_has_a_result(browser: Browser) -> None:
    documents = [
        {"documentId": f"document-{number}", "text": "A text.", "allowedPrincipals": ["*"]} for number in range(3)
    ]
    body = b"".join(enveloped({"document": each}) for each in documents)
    headers = {**TENANT, "content-type": "application/connect+json"}
    reply = await browser.send("/groundwire.v1.DocumentService/IngestDocuments", body, headers)
    *results, end = [json.loads(data) for _, data in envelopes(reply.body)]
    assert [each.get("index", 0) for each in results] == [0, 1, 2]
    assert {each["state"] for each in results} == {"INGEST_STATE_CREATED"}
    assert "error" not in end


async def test_a_malformed_envelope_ends_a_stream_of_requests(browser: Browser) -> None:
    headers = {**TENANT, "content-type": "application/connect+json"}
    body = enveloped({"document": {"documentId": "d", "text": "A text."}}) + b"\xff\0\0\0\1{"
    reply = await browser.send("/groundwire.v1.DocumentService/IngestDocuments", body, headers)
    end = [json.loads(data) for _, data in envelopes(reply.body)][-1]
    assert end["error"]["code"] == "invalid_argument"


async def test_a_deadline_ends_the_call_and_the_model(serve: Serve) -> None:
    generator = ScriptedGenerator([Wait(3600)])
    async with serve(generator, gateway=GatewayOptions(listen=LISTEN)) as product, browsing(product) as browser:
        await ingest(product, ("lambdas", SENTENCE))
        reply = await browser.call(ANSWER[1:], QUESTION, {"connect-timeout-ms": "700"})
        # The answer says itself that time was up, shortly before it is.
        assert reply.status in {200, 504}
        assert generator.cancelled == 1


async def test_a_client_that_leaves_stops_the_model(serve: Serve) -> None:
    generator = ScriptedGenerator([Wait(3600)])
    async with serve(generator, gateway=GatewayOptions(listen=LISTEN)) as product, browsing(product) as browser:
        await ingest(product, ("lambdas", SENTENCE))
        calling = asyncio.create_task(browser.stream(STREAM[1:], QUESTION))
        await generator.began.wait()
        calling.cancel()
        await generator.ended.wait()
        assert generator.cancelled == 1
