"""What both clients share: who asks, what went wrong, what an outcome says."""

import subprocess
import sys

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider

import groundwire
from groundwire.caller import Caller
from groundwire.channels import options
from groundwire.errors import from_call
from groundwire.tracing import trace_metadata
from groundwire.v1.grounding_pb2 import GroundedText
from groundwire.v1.outcome_pb2 import Blocked, Cached, Degraded
from tests.doubles import events


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
    assert dict(options("answers.example:443")) == {"grpc.max_receive_message_length": 16 * 1024 * 1024}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (grpc.StatusCode.UNAVAILABLE, "groundwire serve"),
        (grpc.StatusCode.UNIMPLEMENTED, "no groundwire server of this version"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "longer timeout"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "send less at once"),
        (grpc.StatusCode.CANCELLED, "cancelled"),
        (grpc.StatusCode.UNKNOWN, "tell whoever runs the server"),
    ],
)
def test_a_failure_without_details_still_says_what_to_do(code: grpc.StatusCode, says: str) -> None:
    error = from_call(code, "two\nlines", (), "host:1")

    assert says in str(error)
    assert "two lines" in str(error)
    assert "\n" not in str(error)
    assert error.reason == ""


def test_details_that_cannot_be_read_are_passed_over() -> None:
    error = from_call(None, None, (("grpc-status-details-bin", b"\xff\xff"),), "host:1")

    assert error.code is grpc.StatusCode.UNKNOWN
    assert error.violations == ()


def test_a_reason_of_another_domain_is_not_ours() -> None:
    from google.rpc import error_details_pb2, status_pb2

    status = status_pb2.Status(code=14)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="RATE_LIMIT", domain="proxy.example"))
    trailers = (("grpc-status-details-bin", status.SerializeToString()),)

    assert from_call(grpc.StatusCode.UNAVAILABLE, "", trailers, "host:1").reason == ""


def test_text_of_whatever_outcome_carries_text() -> None:
    text = GroundedText(text="a text", citations=[events.citation()])
    for outcome in (
        events.answered("a text"),
        groundwire.Outcome(cached=Cached(answer=text)),
        groundwire.Outcome(degraded=Degraded(answer=text)),
    ):
        assert groundwire.text_of(outcome) == "a text"
        assert len(groundwire.citations_of(outcome)) == 1


@pytest.mark.parametrize(
    "outcome", [events.abstained(), groundwire.Outcome(blocked=Blocked(policy="p")), groundwire.Outcome()]
)
def test_no_text_where_there_is_none(outcome: groundwire.Outcome) -> None:
    assert groundwire.text_of(outcome) == ""
    assert list(groundwire.citations_of(outcome)) == []


def test_the_current_span_is_carried_on() -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")

    assert trace_metadata() == ()
    with tracer.start_as_current_span("outer") as span:
        carried = dict(trace_metadata())

    context = span.get_span_context()
    assert carried["traceparent"] == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def test_a_program_without_opentelemetry_is_spared_its_import() -> None:
    program = (
        "import sys, groundwire; from groundwire.tracing import trace_metadata; assert trace_metadata() == (); "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
