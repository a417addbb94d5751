"""Requests to receivers that take them, and to those that do not: why, and whether to try again."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from trustme import CA

from groundwire_server.app.telemetry.senders import Receiver, Sender, SendError, Signal, sender
from tests.doubles.otlp import grpc_receiver, http_receiver
from tests.doubles.tls import showing

REQUEST = ExportTraceServiceRequest().SerializeToString()
SHORT = 0.2
"""Seconds after which a receiver that says nothing has taken too long."""


def to(port: int, *, http: bool = False, scheme: str = "http", timeout: float = 10, ca: bytes | None = None) -> Sender:
    url = f"{scheme}://127.0.0.1:{port}{'/v1/traces' if http else ''}"
    return sender(Receiver(url, http, {}, ca, timeout), Signal.TRACES)


def failure(sending: Sender) -> SendError:
    with closing(sending), pytest.raises(SendError) as caught:
        sending.send(REQUEST)
    return caught.value


def aborting(code: grpc.StatusCode, after: float | None = None) -> Callable[[grpc.ServicerContext], bytes]:
    def abort(context: grpc.ServicerContext) -> bytes:
        if after is None:
            context.abort(code, "no room\nfor spans " + "x" * 1000)
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromMilliseconds(int(1000 * after))
        detail = Any()
        detail.Pack(info)
        number = code_pb2.Code.Value(code.name)
        context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=number, details=[detail])))
        raise AssertionError("the call was aborted")

    return abort


@contextmanager
def stalled() -> Iterator[int]:
    """A listener that accepts connections, by way of its backlog, and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("code", "after", "retryable"),
    [
        (grpc.StatusCode.UNAVAILABLE, None, True),
        (grpc.StatusCode.UNAVAILABLE, 7.0, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, None, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 1.5, True),
        (grpc.StatusCode.PERMISSION_DENIED, None, False),
        (grpc.StatusCode.UNAUTHENTICATED, None, False),
        (grpc.StatusCode.UNIMPLEMENTED, None, False),
        (grpc.StatusCode.INVALID_ARGUMENT, None, False),
    ],
)
def test_a_status_says_whether_to_try_again_and_when(
    code: grpc.StatusCode, after: float | None, retryable: bool
) -> None:
    with grpc_receiver(aborting(code, after)) as taken:
        found = failure(to(taken.port))
    assert (found.code, found.retryable, found.retry_after) == (code.name, retryable, after)
    assert len(str(found)) < 350
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("status", "headers", "retryable", "after"),
    [
        (503, {}, True, None),
        (503, {"Retry-After": "7"}, True, 7.0),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, True, None),
        (401, {}, False, None),
        (403, {}, False, None),
        (404, {}, False, None),
        (413, {}, False, None),
        (302, {"Location": "http://127.0.0.1:1/"}, False, None),
    ],
)
def test_a_status_of_http_does_too(status: int, headers: dict[str, str], retryable: bool, after: float | None) -> None:
    with http_receiver(status, headers) as taken:
        found = failure(to(taken.port, http=True))
    assert (found.code, found.retryable, found.retry_after) == (f"HTTP {status}", retryable, after)


@pytest.mark.parametrize("http", [False, True], ids=["grpc", "http"])
def test_nobody_on_a_port_is_tried_again(http: bool) -> None:
    found = failure(to(1, http=http))
    assert (found.code, found.retryable) == ("UNAVAILABLE", True)


@pytest.mark.parametrize("http", [False, True], ids=["grpc", "http"])
def test_a_receiver_that_says_nothing_is_left_in_time(http: bool) -> None:
    with stalled() as port:
        found = failure(to(port, http=http, timeout=SHORT))
    assert (found.code in {"DEADLINE_EXCEEDED", "UNAVAILABLE"}, found.retryable) == (True, True)


@pytest.mark.parametrize("http", [False, True], ids=["grpc", "http"])
def test_a_certificate_of_another_authority_is_refused_by_name(tmp_path: Path, http: bool) -> None:
    certificate = CA().issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    with showing(tmp_path / "cert.pem", tmp_path / "key.pem") as port:
        found = failure(to(port, http=http, scheme="https", ca=CA().cert_pem.bytes()))
    assert found.code == "UNAVAILABLE"
    assert "certificate" in str(found).lower()


def test_the_authority_of_a_file_is_trusted() -> None:
    ca = CA()
    issued = ca.issue_cert("127.0.0.1")
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    with (
        grpc_receiver(credentials=grpc.ssl_server_credentials([pair])) as taken,
        closing(to(taken.port, scheme="https", ca=ca.cert_pem.bytes())) as sending,
    ):
        assert sending.send(REQUEST) == b""
    assert len(taken.requests) == 1


def test_a_receiver_that_comes_back_is_reached_at_the_next_attempt() -> None:
    with grpc_receiver() as taken:
        port = taken.port
        sending = to(port)
        sending.send(REQUEST)
    for _ in range(5):
        with pytest.raises(SendError):
            sending.send(REQUEST)
    with grpc_receiver(port=port) as taken, closing(sending):
        sending.send(REQUEST)
        assert len(taken.requests) == 1


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("http", [False, True], ids=["grpc", "http"])
def test_headers_are_sent_and_never_shown(http: bool, compressed: bool) -> None:
    with http_receiver() if http else grpc_receiver() as taken:
        url = f"http://127.0.0.1:{taken.port}/v1/traces"
        receiver = Receiver(url, http, {"Authorization": "Basic s3cr3t"}, timeout=10, compressed=compressed)
        with closing(sender(receiver, Signal.TRACES)) as sending:
            sending.send(REQUEST)
    assert taken.headers["authorization"] == "Basic s3cr3t"
    assert "s3cr3t" not in repr(receiver)


def test_closing_ends_a_request_that_is_being_sent() -> None:
    reached, held = threading.Event(), threading.Event()

    def hold(context: grpc.ServicerContext) -> bytes:
        reached.set()
        held.wait(10)
        return b""

    with grpc_receiver(hold) as taken:
        sending = to(taken.port, timeout=60)
        failures: list[SendError] = []

        def send() -> None:
            try:
                sending.send(REQUEST)
            except SendError as error:
                failures.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        assert reached.wait(10)
        sending.close()
        thread.join(10)
        held.set()
    assert [each.code for each in failures] == ["CANCELLED"]


@pytest.mark.parametrize(
    ("url", "http", "address"),
    [
        ("http://collector:4317", False, "collector:4317"),
        ("http://collector", False, "collector:4317"),
        ("https://collector", False, "collector:443"),
        ("http://collector/v1/traces", True, "collector:80"),
        ("https://[::1]:4318/v1/traces", True, "[::1]:4318"),
    ],
)
def test_an_address_has_a_port(url: str, http: bool, address: str) -> None:
    assert Receiver(url, http).address == address
