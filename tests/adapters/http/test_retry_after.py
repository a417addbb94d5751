"""When a provider says to come again, in each of the ways in which providers do."""

from datetime import UTC, datetime

import pytest

from groundwire_server.adapters.http.error_response import ErrorResponse
from groundwire_server.adapters.http.retry_after import duration, limits_lifted, retry_after
from groundwire_server.domain.vocabulary import Cause

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
EPOCH = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("120ms", 0.12),
        ("2m59.56s", 179.56),
        ("1d", 86_400.0),
        ("7", 7.0),
        ("7.66", 7.66),
        (" 7S ", 7.0),
        ("0", 0.0),
        ("", None),
        ("-3", None),
        ("soon", None),
        ("6m0", None),
        ("inf", None),
        ("nan", None),
        ("9" * 400 + "s", None),
    ],
)
def test_a_duration_is_a_number_or_has_units(text: str, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "12.5"}, 12.5),
        ({"retry-after": "6m0s"}, 360.0),
        ({"retry-after": "Thu, 26 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Thu, 26 Nov 2026 11:01:00 GMT"}, 0.0),
        ({"retry-after": "2026-11-26T12:00:30Z"}, 30.0),
        ({"retry-after": str(EPOCH + 45)}, 45.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "later"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, None),
        ({}, None),
    ],
)
def test_a_wait_is_asked_for_outright(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOON) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "20s",
                "x-ratelimit-remaining-tokens": "149000",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            20.0,
        ),
        (
            {
                "x-ratelimit-remaining-requests": "99",
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "7.66s",
            },
            7.66,
        ),
        ({"anthropic-ratelimit-requests-reset": "2026-11-26T12:00:30Z"}, 30.0),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-26T12:02:00Z",
                "anthropic-ratelimit-output-tokens-remaining": "8000",
                "anthropic-ratelimit-output-tokens-reset": "2026-11-26T13:00:00Z",
            },
            120.0,
        ),
        ({"x-ratelimit-reset": str(EPOCH + 45)}, 45.0),
        ({"X-RateLimit-Reset": str(1000 * (EPOCH + 45))}, 45.0),
        ({"ratelimit-reset": "9"}, 9.0),
        ({"ratelimitbysize-reset": "12"}, 12.0),
        ({"x-ratelimit-reset-tokens-minute": "11.38"}, 11.38),
        ({"x-ratelimit-reset-requests": "whenever", "x-ratelimit-reset-tokens": "3s"}, 3.0),
        ({"x-ratelimit-limit-requests": "60"}, None),
        ({}, None),
    ],
)
def test_limits_say_when_they_are_lifted(headers: dict[str, str], seconds: float | None) -> None:
    assert limits_lifted(headers, NOON) == seconds


@pytest.mark.parametrize(("status", "seconds"), [(429, 360.0), (500, None), (503, None)])
def test_limits_delay_only_what_they_refused(status: int, seconds: float | None) -> None:
    failure = ErrorResponse(status, {"x-ratelimit-reset-requests": "6m0s"}, b"").failure()
    assert failure.retry_after == seconds
    assert failure.cause is (Cause.MODEL_RATE_LIMITED if status == 429 else Cause.MODEL_UNAVAILABLE)
