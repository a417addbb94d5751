"""A guard behind gRPC: what it is sent, and what is made of all that it may answer."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from groundwire.guard.v1 import guard_service_pb2 as messages
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen
from tests.doubles.guarding import SECRET_TEXT, Screening, asked, grpc_guard, opened, over_grpc, screening
from tests.doubles.time import ServerTimeLoop

pytestmark = pytest.mark.server

TEXT = f"{SECRET_TEXT} 🙂 is forbidden."
SECRETS = (SECRET_TEXT, "SECRET-BODY", "CANARY-HEADER")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"server": ServerTimeLoop}


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


def answering(response: messages.ScreenResponse) -> Screening:
    """A guard that answers whatever it is sent."""

    async def answer(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        del request, context
        return response

    return answer


def found(**finding: Any) -> messages.ScreenResponse:
    """A response of one finding."""
    fields = {"category": "terms", "start": 0, "end": 4, **finding}
    known = {name: value for name, value in fields.items() if value is not None}
    return messages.ScreenResponse(results=[messages.Result(findings=[messages.Finding(**known)])])


async def test_a_guard_is_sent_texts_and_where_they_come_from_and_nothing_of_the_caller(tmp_path: Path) -> None:
    header = tmp_path / "header"
    header.write_text("CANARY-HEADER")
    endpoint = f", headers: {{Authorization: 'file://{header}'}}"
    async with grpc_guard() as guard, opened(tmp_path, over_grpc(guard.port, endpoint=endpoint)) as at:
        request = asked("One.", "Two.", at=Screen.QUESTION, requester=Requester("acme", "alice", "bob", "support"))
        await at.guard.screen(request, soon())
        ((sent, metadata),) = guard.requests
        assert sent == messages.ScreenRequest(screen=messages.SCREEN_QUESTION, texts=["One.", "Two."])
        assert metadata["authorization"] == "CANARY-HEADER"
        assert "traceparent" in metadata
        assert not any(name in str(metadata) for name in ("acme", "alice", "bob", "support"))


async def test_a_guard_is_sent_of_the_caller_what_the_configuration_lists(tmp_path: Path) -> None:
    async with grpc_guard() as guard, opened(tmp_path, over_grpc(guard.port, ", caller: [tenant, route]")) as at:
        await at.guard.screen(asked("One.", requester=Requester("acme", "alice", "bob", "support")), soon())
        assert guard.requests[0][0].caller == messages.Caller(tenant="acme", route="support")


def test_the_screens_are_those_of_the_vocabulary() -> None:
    assert {name.removeprefix("SCREEN_") for name in messages.Screen.keys()} == {"UNSPECIFIED", *Screen}  # noqa: SIM118


MALFORMED = {
    "no results": (messages.ScreenResponse(), "COUNT"),
    "more results": (messages.ScreenResponse(results=[messages.Result()] * 2), "COUNT"),
    "a negative start": (found(start=-1), "SPAN"),
    "an end behind the text": (found(end=10_000), "SPAN"),
    "a place in bytes": (found(end=len(TEXT.encode())), "SPAN"),
    "an empty stretch": (found(start=4), "SPAN"),
    "a start alone": (found(end=None), "SPAN"),
    "a score of NaN": (found(score=math.nan), "SCORE"),
    "an infinite score": (found(score=math.inf), "SCORE"),
    "a score above 1": (found(score=7.0), "SCORE"),
    "another text": (messages.ScreenResponse(results=[messages.Result(text="SECRET-BODY")]), "OTHER_TEXT"),
    "other words at the place": (found(text="SECRET-BODY"), "OTHER_TEXT"),
    "a category that is not named": (found(category="SECRET-BODY"), "CATEGORY"),
    "a rule that is a sentence": (found(rule="SECRET-BODY is forbidden"), "RULE"),
    "an unknown category among ten thousand findings": (
        messages.ScreenResponse(
            results=[
                messages.Result(
                    findings=[*[messages.Finding(category="terms")] * 10_000, messages.Finding(category="SECRET-BODY")]
                )
            ]
        ),
        "CATEGORY",
    ),
    "two megabytes": (messages.ScreenResponse(results=[messages.Result(text="SECRET-BODY" * 200_000)]), "SIZE"),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_does_not_fit_the_text_is_a_failure_and_never_a_finding(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level(logging.DEBUG)
    response, error = MALFORMED[case]
    async with grpc_guard(answering(response)) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        failure = await at.fail(asked(TEXT), soon())
        assert failure.cause is (Cause.MODEL_MISCONFIGURED if error == "CATEGORY" else Cause.OUTPUT_MALFORMED)
        assert failure.error_type == error
        assert len(guard.requests) == 1
        told = at.spans.everything() + caplog.text + repr(failure) + str(failure)
        assert [secret for secret in SECRETS if secret in told] == []


async def test_bytes_that_are_no_message_are_unreadable(tmp_path: Path) -> None:
    async def handler(request: bytes, context: Any) -> bytes:
        del request, context
        return b"\xff\xff\xff"

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(handler)
    service = grpc.method_handlers_generic_handler("groundwire.guard.v1.GuardService", {"Screen": method})
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with opened(tmp_path, over_grpc(port)) as at:
            failure = await at.fail(asked(TEXT), soon())
            assert (failure.cause, failure.error_type) == (Cause.MODEL_UNAVAILABLE, "UNREADABLE")
    finally:
        await server.stop(0)


async def test_what_fits_is_taken_and_a_model_behind_it_is_charged(tmp_path: Path) -> None:
    response = found(start=None, end=None, score=1.0, rule="pii.email/v2")
    response.usage.input_tokens = 40
    section = ", price: {input: 2.0, output: 4.0}"
    async with grpc_guard(answering(response)) as guard, opened(tmp_path, over_grpc(guard.port, section)) as at:
        reply = await at.guard.screen(asked(TEXT), soon())
        assert reply.findings == ((Finding("terms", 0, len(TEXT), "pii.email/v2", 1.0),),)
        assert (reply.usage.input_tokens, reply.usage.cost_micros) == (40, 80)


STATUSES = {
    grpc.StatusCode.UNAVAILABLE: Cause.MODEL_UNAVAILABLE,
    grpc.StatusCode.INTERNAL: Cause.MODEL_UNAVAILABLE,
    grpc.StatusCode.UNKNOWN: Cause.MODEL_UNAVAILABLE,
    grpc.StatusCode.ABORTED: Cause.MODEL_UNAVAILABLE,
    grpc.StatusCode.CANCELLED: Cause.MODEL_UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Cause.MODEL_RATE_LIMITED,
    grpc.StatusCode.UNAUTHENTICATED: Cause.MODEL_MISCONFIGURED,
    grpc.StatusCode.PERMISSION_DENIED: Cause.MODEL_MISCONFIGURED,
    grpc.StatusCode.UNIMPLEMENTED: Cause.MODEL_MISCONFIGURED,
    grpc.StatusCode.NOT_FOUND: Cause.MODEL_MISCONFIGURED,
    grpc.StatusCode.INVALID_ARGUMENT: Cause.MODEL_MISCONFIGURED,
    grpc.StatusCode.FAILED_PRECONDITION: Cause.MODEL_MISCONFIGURED,
}


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: str(status.name))
async def test_a_status_is_a_cause_and_its_words_go_no_further(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: grpc.StatusCode
) -> None:
    async def refuse(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        await context.abort(status, f"SECRET-BODY {request.texts[0]}")
        raise AssertionError

    async with grpc_guard(refuse) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        failure = await at.fail(asked(TEXT), soon())
        assert failure.cause is STATUSES[status]
        told = at.spans.everything() + caplog.text + repr(failure) + str(failure)
        assert [secret for secret in SECRETS if secret in told] == []


async def test_when_it_wants_to_be_called_again_is_believed(tmp_path: Path) -> None:
    async def refuse(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        context.set_trailing_metadata((("grpc-retry-pushback-ms", "7500"),))
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "")
        raise AssertionError

    async with grpc_guard(refuse) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        failure = await at.fail(asked(TEXT), soon())
        assert (failure.cause, failure.retry_after) == (Cause.MODEL_RATE_LIMITED, 7.5)
        assert len(guard.requests) == 1
        assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_RATE_LIMITED
        assert len(guard.requests) == 1


async def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    calls = []

    async def answer(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        calls.append(request)
        if len(calls) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "")
        return await screening(request, context)

    async with grpc_guard(answer) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        (reported,) = (await at.guard.screen(asked(TEXT), soon())).findings
        assert [TEXT[each.start : each.end] for each in reported] == ["forbidden"]
        assert len(calls) == 2


async def test_one_that_never_answers_is_left_at_the_deadline_which_is_on_the_wire(tmp_path: Path) -> None:
    left = []

    async def hang(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        left.append(context.time_remaining())
        await asyncio.Event().wait()
        raise AssertionError

    async with grpc_guard(hang) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        failure = await at.fail(asked(TEXT), soon(1.0))
        assert failure.cause is Cause.MODEL_TIMEOUT
        assert failure.usage.input_tokens > 0
        await guard.cancelled.wait()
        # gRPC rounds it up on the wire.
        assert 0 < left[0] <= 1.1


async def test_leaving_cancels_the_call_at_the_guard(tmp_path: Path) -> None:
    async def hang(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with grpc_guard(hang) as guard, opened(tmp_path, over_grpc(guard.port)) as at:
        task = asyncio.create_task(at.guard.screen(asked(TEXT), NEVER))
        await guard.began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await guard.cancelled.wait()


async def test_nothing_listens(tmp_path: Path) -> None:
    async with grpc_guard() as guard:
        port = guard.port
    async with opened(tmp_path, over_grpc(port)) as at:
        failure = await at.fail(asked(TEXT), soon())
        assert (failure.cause, failure.usage) == (Cause.MODEL_UNAVAILABLE, Usage())


async def test_an_open_circuit_keeps_a_call_from_being_made(tmp_path: Path) -> None:
    async def refuse(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
        await context.abort(grpc.StatusCode.INTERNAL, "")
        raise AssertionError

    section = ", breaker: {min_calls: 1, open_seconds: 60, max_seconds: 60}"
    async with grpc_guard(refuse) as guard, opened(tmp_path, over_grpc(guard.port, section)) as at:
        await at.fail(asked(TEXT), soon())
        sent = len(guard.requests)
        assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_UNAVAILABLE
        assert len(guard.requests) == sent
        assert [span["groundwire.circuit"] for span in at.spans.each("guard it")] == ["closed", "open"]


async def test_the_connection_has_tls_and_a_certificate_on_both_sides(tmp_path: Path) -> None:
    authority = trustme.CA()
    own, other = authority.issue_cert("localhost"), authority.issue_cert("groundwire")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.private_key_pem.write_to_path(tmp_path / "key.pem")
    other.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    credentials = grpc.ssl_server_credentials(
        [(own.private_key_pem.bytes(), own.cert_chain_pems[0].bytes())], authority.cert_pem.bytes(), True
    )
    files = f"ca_file: '{tmp_path}/ca.pem', certificate_file: '{tmp_path}/cert.pem', key_file: '{tmp_path}/key.pem'"
    async with grpc_guard(credentials=credentials) as guard:
        section = over_grpc(guard.port).replace(f"http://127.0.0.1:{guard.port}", f"https://localhost:{guard.port}")
        trusting = section.replace("residency: self_hosted", f"residency: self_hosted, {files}")
        async with opened(tmp_path, trusting) as at:
            assert len((await at.guard.screen(asked(TEXT), soon())).findings[0]) == 1
        async with opened(tmp_path, section) as at:
            assert (await at.fail(asked(TEXT), soon())).cause is Cause.MODEL_UNAVAILABLE
