"""What both clients share: the caller's identity, what went wrong, and the trace."""

import subprocess
import sys

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.sdk.trace import TracerProvider

from groundwire.caller import Caller, trace_metadata
from groundwire.channels import options
from groundwire.errors import from_call


def test_a_caller_sends_what_it_has() -> None:
    assert Caller.of("acme", "", []).metadata() == (("groundwire-tenant", "acme"),)
    assert Caller.of("", "", []).metadata() == ()


@pytest.mark.parametrize(
    ("tenant", "subject", "principals"),
    [("ácme", "", []), ("acme\n", "", []), ("a", "ada ", []), ("a", "", ["a,b"]), ("a", "", [""]), ("a", "", ["\x00"])],
)
def test_what_metadata_cannot_carry_is_refused(tenant: str, subject: str, principals: list[str]) -> None:
    with pytest.raises(ValueError, match="must"):
        Caller.of(tenant, subject, principals)


@pytest.mark.parametrize("server", ["127.0.0.1:50051", "localhost:1", "[::1]:50051", "unix:/run/groundwire.sock"])
def test_a_proxy_never_stands_before_this_machine(server: str) -> None:
    assert ("grpc.enable_http_proxy", 0) in options(server)


def test_elsewhere_the_environment_decides_on_a_proxy() -> None:
    assert "grpc.enable_http_proxy" not in dict(options("answers.example:443"))


def test_a_channel_takes_what_the_contract_allows() -> None:
    assert ("grpc.max_receive_message_length", 16 * 1024 * 1024) in options("answers.example:443")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (grpc.StatusCode.UNAVAILABLE, "groundwire serve"),
        (grpc.StatusCode.UNIMPLEMENTED, "upgrade the server"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "longer timeout"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "send less at once"),
        (grpc.StatusCode.CANCELLED, "cancelled"),
        (grpc.StatusCode.UNKNOWN, "report it to the operator of the server at host:1"),
    ],
)
def test_a_failure_without_details_still_says_what_to_do(code: grpc.StatusCode, says: str) -> None:
    error = from_call(code, "two\nlines", (), "host:1")

    assert says in str(error)
    assert "two lines" in str(error)
    assert "\n" not in str(error)
    assert error.reason == ""


def test_a_connection_is_lost_where_a_server_was_reached_before() -> None:
    lost = from_call(grpc.StatusCode.UNAVAILABLE, "Socket closed", (), "host:1", reached=True)
    never = from_call(grpc.StatusCode.UNAVAILABLE, "Connection refused", (), "host:1")

    assert (lost.connection_lost, lost.unreachable) == (True, False)
    assert str(lost).startswith("The connection to the server at host:1 was lost: see whether it still runs")
    assert (never.connection_lost, never.unreachable) == (False, True)
    assert str(never).startswith("No groundwire server answers at host:1: start one")


@pytest.mark.parametrize(
    ("pushback", "retry_after", "final"),
    [("250", 0.25, False), ("-1", None, True), ("soon", None, True), ("9" * 5000, None, True)],
)
def test_grpcs_own_pushback_is_read(pushback: str, retry_after: float | None, final: bool) -> None:
    error = from_call(grpc.StatusCode.RESOURCE_EXHAUSTED, "", (("grpc-retry-pushback-ms", pushback),), "host:1")

    assert (error.retry_after, error.final) == (retry_after, final)


@pytest.mark.parametrize(
    "details", [b"\xff\xff", b"\x1a\x2f\x0a\x29type.googleapis.com/google.rpc.BadRequest\x12\x02\xff\xff"]
)
def test_details_that_cannot_be_read_are_passed_over(details: bytes) -> None:
    error = from_call(None, None, (("grpc-status-details-bin", details),), "host:1")

    assert error.code is grpc.StatusCode.UNKNOWN
    assert error.violations == ()


def test_a_reason_of_another_domain_is_not_ours() -> None:
    status = status_pb2.Status(code=14)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="RATE_LIMIT", domain="proxy.example"))
    trailers = (("grpc-status-details-bin", status.SerializeToString()),)

    assert from_call(grpc.StatusCode.UNAVAILABLE, "", trailers, "host:1").reason == ""


def test_the_current_span_is_carried_on() -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")

    assert trace_metadata() == ()
    with tracer.start_as_current_span("outer") as span:
        carried = dict(trace_metadata())

    context = span.get_span_context()
    assert carried["traceparent"] == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@pytest.mark.process
def test_a_program_without_opentelemetry_is_spared_its_import() -> None:
    program = (
        "import sys, groundwire; from groundwire.caller import trace_metadata; assert trace_metadata() == (); "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
