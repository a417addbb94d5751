import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from groundwire_server.domain.failure import Failure, QuotaViolation, Rejection, Violation
from groundwire_server.domain.vocabulary import Cause, Feature, Reason
from groundwire_server.edge.statuses import aborted, rejection_of, status_of


def _info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_status_with_error_info(reason: Reason) -> None:
    status = status_of(Rejection(reason))
    assert status.code != code_pb2.OK
    assert status.message
    assert (_info(status).reason, _info(status).domain) == (reason.value, "groundwire.io")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_failure_has_a_status_that_names_its_cause(cause: Cause) -> None:
    assert _info(status_of(rejection_of(Failure(cause)))).metadata["cause"] == cause.value


def test_what_is_not_offered_is_named() -> None:
    message = "The server, or the route, does not offer REVIEWS; GetServerInfo lists what the server offers."
    assert status_of(Rejection.not_offered(Feature.REVIEWS)).message == message


def test_every_violated_field_is_named() -> None:
    violations = (Violation("question.text", "must not be empty", "string.min_len"), Violation("route", "is wrong"))
    status = status_of(Rejection(Reason.INVALID_REQUEST, violations=violations))
    request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(request)
    assert [(item.field, item.description, item.reason) for item in request.field_violations] == [
        ("question.text", "must not be empty", "STRING_MIN_LEN"),
        ("route", "is wrong", ""),
    ]
    assert status.message == "question.text: must not be empty; route: is wrong"


def test_what_may_pass_says_when_to_retry() -> None:
    status = status_of(rejection_of(Failure(Cause.STORE_UNAVAILABLE, retry_after=2.5)))
    retry = error_details_pb2.RetryInfo()
    assert status.code == code_pb2.UNAVAILABLE
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 2500


@pytest.mark.parametrize("reason", list(Reason))
def test_unavailable_and_exhausted_alone_say_when_to_retry_to_grpc_too(reason: Reason) -> None:
    code, _, trailers = aborted(Rejection(reason))
    retried = code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}
    kinds = {detail.TypeName() for detail in status_of(Rejection(reason)).details}
    assert ("google.rpc.RetryInfo" in kinds) is retried
    assert dict(trailers).get("grpc-retry-pushback-ms") == ("1000" if retried else None)


def test_the_pushback_is_the_retry_delay_in_whole_milliseconds() -> None:
    _, _, trailers = aborted(Rejection(Reason.QUOTA_EXCEEDED, retry_after=2.0001))
    assert dict(trailers)["grpc-retry-pushback-ms"] == "2001"


def test_another_status_with_a_delay_has_no_pushback() -> None:
    """gRPC retries by pushback, and a call that is in flight must not be begun again."""
    rejection = Rejection(Reason.REQUEST_IN_FLIGHT, retry_after=1.0)
    assert "google.rpc.RetryInfo" in {detail.TypeName() for detail in status_of(rejection).details}
    assert "grpc-retry-pushback-ms" not in dict(aborted(rejection)[2])


def test_what_stays_as_it_is_says_nothing_of_retrying() -> None:
    assert len(status_of(Rejection(Reason.DOCUMENT_NOT_FOUND)).details) == 1


def test_a_quota_names_what_is_used_up() -> None:
    name, description = "users.requests_per_minute", "users.requests_per_minute allows 5 requests a minute"
    quota = QuotaViolation(name, "subject:ada", description, "requests", 5, {"tenant": "acme", "subject": "ada"})
    status = status_of(Rejection(Reason.QUOTA_EXCEEDED, quotas=[quota], metadata={"quota": name}, retry_after=12))
    failure, retry = error_details_pb2.QuotaFailure(), error_details_pb2.RetryInfo()
    assert _info(status).metadata["quota"] == name
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.seconds == 12
    assert status.details[2].Unpack(failure)
    assert list(failure.violations) == [
        error_details_pb2.QuotaFailure.Violation(
            subject="subject:ada",
            description=description,
            api_service="groundwire.io",
            quota_metric="groundwire.io/requests",
            quota_id=name,
            quota_dimensions={"tenant": "acme", "subject": "ada"},
            quota_value=5,
        )
    ]
    assert status.message == description


def test_what_concerns_no_field_stands_alone() -> None:
    assert status_of(Rejection.invalid("", "must be a message")).message == "must be a message"


def test_many_violations_are_counted_and_the_first_are_named() -> None:
    """The details travel as metadata, and clients refuse more than 8 KiB of it."""
    violations = [Violation(f"document.metadata[{'k' * 64}{number}].kind", "is required") for number in range(500)]
    status = status_of(Rejection(Reason.INVALID_REQUEST, violations=violations))
    request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(request)
    assert len(request.field_violations) == 16
    assert _info(status).metadata["violations"] == "500"
    assert status.ByteSize() < 4096


@pytest.mark.parametrize("letter", ["k", "\u044b", "\U0001f600"])
def test_long_violations_fit_into_the_trailers_that_clients_accept(letter: str) -> None:
    """Beyond 8 KiB a client sees neither the status nor why."""
    violations = [Violation(f"text[{letter * 900}]", letter * 9000, "prompt.template") for _ in range(30)]
    _, message, trailers = aborted(Rejection(Reason.PROMPT_INVALID, violations=violations))
    details = sum(len(value if isinstance(value, bytes) else value.encode()) * 4 // 3 for _, value in trailers)
    percent = sum(1 if each < 0x80 else 3 for each in message.encode())
    assert details + percent < 7500
    request = error_details_pb2.BadRequest()
    assert status_of(Rejection(Reason.PROMPT_INVALID, violations=violations)).details[1].Unpack(request)
    assert request.field_violations[0].description.endswith("\u2026")
