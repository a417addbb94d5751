"""Which addresses may be told that an operation is done, and what they are sent."""

import json
from datetime import UTC, datetime
from random import Random

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Operation, OperationKey, Webhook
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.options.secret import Secret
from groundwire_server.ports.outbox import WebhookNotice
from groundwire_server.work.webhooks import WebhookOptions, Webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def options(**changed: object) -> WebhookOptions:
    given = {
        "hosts": ("hooks.example.com", "*.example.org", "other.example.com:8443", "127.0.0.1"),
        "secrets": {"acme": Secret("env://ACME", SECRET)},
    }
    return WebhookOptions.model_validate(given | changed)


@pytest.fixture
def webhooks() -> Webhooks:
    return Webhooks(options(), lambda result: {"text": result.decode()}, Random(1))


def notice(*, include_answer: bool = False, error: Reason | None = None) -> WebhookNotice:
    operation = Operation(
        OperationKey("acme", "alice", "0" * 32),
        OperationState.DONE,
        "default",
        "request-1",
        "",
        NOW,
        NOW,
        ended=NOW,
        result=None if error else b"Parcels are signed for.",
        error=error,
    )
    return WebhookNotice(operation, Webhook("https://hooks.example.com/a", include_answer))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/answers?of=acme",
        "https://hooks.example.com:443/",
        "https://HOOKS.example.com/",
        "https://hooks.example.com./",
        "https://a.b.example.org/",
        "https://other.example.com:8443/",
    ],
)
def test_an_address_on_an_allowed_host_is_taken(webhooks: Webhooks, url: str) -> None:
    webhooks.check("acme", Webhook(url))


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://hooks.example.com/", "webhook.https"),
        ("ftp://hooks.example.com/", "webhook.https"),
        ("https://user:word@hooks.example.com/", "webhook.credentials"),
        ("https://hooks.example.com@evil.example/", "webhook.credentials"),
        ("https://evil.example/", "webhook.host"),
        ("https://hooks.example.com.evil.example/", "webhook.host"),
        ("https://xhooks.example.com/", "webhook.host"),
        ("https://example.org/", "webhook.host"),
        ("https://hooks.example.com:8443/", "webhook.host"),
        ("https://other.example.com/", "webhook.host"),
        ("https://[::1]/", "webhook.host"),
        ("https://2130706433/", "webhook.host"),
        ("https:///path", "webhook.host"),
        ("https://hooks.example.com:x/", "webhook.url"),
        ("https://[hooks.example.com/", "webhook.url"),
        ("https://hooks.example.com\\@evil.example/", "webhook.url"),
        ("https://hooks.example.com/\n", "webhook.url"),
    ],
)
def test_any_other_address_is_refused_without_repeating_it(webhooks: Webhooks, url: str, rule: str) -> None:
    with pytest.raises(Rejection) as refused:
        webhooks.check("acme", Webhook(url))
    (violation,) = refused.value.violations
    assert (refused.value.reason, violation.rule) == (Reason.INVALID_REQUEST, rule)
    assert url not in violation.description


def test_a_tenant_without_a_secret_has_no_webhooks(webhooks: Webhooks) -> None:
    with pytest.raises(Rejection) as refused:
        webhooks.check("other", Webhook("https://hooks.example.com/"))
    assert (refused.value.reason, refused.value.metadata) == (Reason.FEATURE_NOT_OFFERED, {"feature": "WEBHOOKS"})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_%%%%"])
def test_a_secret_that_cannot_sign_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValidationError) as refused:
        options(secrets={"acme": Secret("env://ACME", secret)})
    assert "env://ACME" in str(refused.value)
    assert secret in {"", "whsec_"} or secret not in str(refused.value)


@pytest.mark.parametrize(
    ("told", "data"),
    [
        (notice(), {"has": "response"}),
        (notice(include_answer=True), {"has": "response", "response": {"text": "Parcels are signed for."}}),
        (notice(error=Reason.OPERATION_EXPIRED), {"has": "error", "error": "OPERATION_EXPIRED"}),
        (notice(error=Reason.CANCELLED, include_answer=True), {"has": "error", "error": "CANCELLED"}),
    ],
)
def test_a_receiver_verifies_what_it_is_sent(webhooks: Webhooks, told: WebhookNotice, data: dict[str, object]) -> None:
    body = webhooks.body(told)
    headers = dict(webhooks.headers(told, body, int(datetime.now(UTC).timestamp())))
    assert Receiver(SECRET).verify(body.decode(), headers) == {
        "type": "operation.done",
        "timestamp": NOW.isoformat(),
        "data": {"name": f"operations/{'0' * 32}", "request_id": "request-1", **data},
    }
    with pytest.raises(WebhookVerificationError):
        Receiver(SECRET).verify(body.decode() + " ", headers)


def test_every_attempt_has_the_same_id_and_body(webhooks: Webhooks) -> None:
    body = webhooks.body(notice())
    first, later = (webhooks.headers(notice(), body, at) for at in (1_000, 2_000))
    assert webhooks.body(notice()) == body
    assert first["webhook-id"] == later["webhook-id"]
    assert first["webhook-signature"] != later["webhook-signature"]
    assert "signed for" not in json.dumps(json.loads(body))


def test_waits_double_up_to_the_longest_and_end_with_the_attempts() -> None:
    made = Webhooks(options(attempts=6, backoff_seconds=5, max_backoff_seconds=30), lambda _: None, Random(1))
    waits = [made.retry_after(attempt) for attempt in range(1, 7)]
    assert waits[-1] is None
    for wait, step in zip(waits, (5, 10, 20, 30, 30), strict=False):
        assert wait is not None
        assert step / 2 <= wait <= step
