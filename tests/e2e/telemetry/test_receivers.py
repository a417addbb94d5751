"""Receivers of telemetry that are wrong, slow, full or not trusted: a few lines, a count, and answers go on."""

import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path

import grpc
import pytest
import trustme

from groundwire.v1 import answer_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire_server.app.serve import Running
from groundwire_server.app.telemetry import encoding
from groundwire_server.app.telemetry.receivers import Signal
from tests.doubles.otlp import grpc_receiver, http_receiver
from tests.e2e.calls import ACME, question
from tests.e2e.conftest import REPLAY_EVERY_CALL
from tests.e2e.telemetry.serving import serving

ANSWERS = 500
ROUNDS = 3
QUEUE = 64
"""Spans that wait: fewer than these answers have."""
LINES = 8
"""A few for each of three signals."""

Receiver = Callable[[], AbstractContextManager[str]]


@contextmanager
def _nobody() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def _silent() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _unknown_name() -> Iterator[str]:
    yield "http://no-such-host.invalid:4317"


@contextmanager
def _full() -> Iterator[str]:
    def refuse(context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
        raise AssertionError

    with grpc_receiver(refuse) as taken:
        yield f"http://127.0.0.1:{taken.port}"


@contextmanager
def _not_trusted() -> Iterator[str]:
    pair = trustme.CA().issue_cert("127.0.0.1")
    chain = b"".join(each.bytes() for each in pair.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(pair.private_key_pem.bytes(), chain)])
    with grpc_receiver(credentials=credentials) as taken:
        yield f"https://127.0.0.1:{taken.port}"


@contextmanager
def _of_http() -> Iterator[str]:
    with http_receiver() as taken:
        yield f"http://127.0.0.1:{taken.port}"


@contextmanager
def _broken() -> Iterator[str]:
    with http_receiver(500, body=b"<html>it broke</html>") as taken:
        yield f"http://127.0.0.1:{taken.port}"


@contextmanager
def _refusing() -> Iterator[str]:
    with http_receiver(401, body=b"who are you?") as taken:
        yield f"http://127.0.0.1:{taken.port}"


RECEIVERS: dict[str, tuple[Receiver, str]] = {
    "nobody on the port": (_nobody, "grpc"),
    "nobody on the port, HTTP": (_nobody, "http/protobuf"),
    "a name that is not known": (_unknown_name, "grpc"),
    "one that says nothing": (_silent, "grpc"),
    "one that says nothing, HTTP": (_silent, "http/protobuf"),
    "one that is full": (_full, "grpc"),
    "a certificate that is not trusted": (_not_trusted, "grpc"),
    "a certificate that is not trusted, HTTP": (_not_trusted, "http/protobuf"),
    "one of the other protocol": (_of_http, "grpc"),
    "one that breaks": (_broken, "http/protobuf"),
    "one that refuses the credential": (_refusing, "http/protobuf"),
}


@pytest.mark.skipif(
    bool(os.environ.get(REPLAY_EVERY_CALL)), reason=f"{REPLAY_EVERY_CALL} keeps every call until the test has ended"
)
@pytest.mark.slow
@pytest.mark.parametrize("case", RECEIVERS)
async def test_answers_go_on_in_flat_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    # A cache of the encoder's, full before memory is looked at.
    monkeypatch.setattr(encoding, "_CACHED_PAIRS", QUEUE)
    caplog.set_level(logging.WARNING)
    receiver, protocol = RECEIVERS[case]
    with receiver() as endpoint:
        quick = {"queue_size": QUEUE, "delay_seconds": 0.05}
        otlp = {"endpoint": endpoint, "protocol": protocol, "timeout_seconds": 0.2, "traces": quick, "logs": quick}
        otlp["metrics"] = {"interval_seconds": 1}
        async with serving(tmp_path, {"telemetry": {"otlp": otlp}}) as server:
            await answered(server, ANSWERS)
            held = [_objects()]
            # What grows with each answer grows in each round; what a process fills once, it fills in one of them.
            for _ in range(ROUNDS):
                await answered(server, ANSWERS)
                held.append(_objects())
    # The double of a receiver over HTTP keeps what it was sent.
    assert min(after - before for before, after in pairwise(held)) < ANSWERS / 2
    lost = sum(count for (signal, _), count in server.telemetry.drops.totals.items() if signal is Signal.TRACES)
    assert lost > ANSWERS
    lines = [each for each in caplog.records if each.name.startswith("groundwire_server.app.telemetry")]
    assert {each.getMessage() for each in lines} == {"telemetry is not delivered"}
    assert 1 <= len(lines) <= LINES
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def answered(server: Running, times: int) -> None:
    request = answer_service_pb2.AnswerRequest(question=question())
    async with grpc.aio.insecure_channel(server.address) as channel:
        answers = AnswerServiceStub(channel)
        for _ in range(times):
            response = await answers.Answer(request, metadata=ACME, timeout=10)
            assert response.outcome.WhichOneof("result") == "abstained"


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())
