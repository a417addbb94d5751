"""Signatures of webhooks, with the package of the Standard Webhooks project as the other side."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from groundwire_server.domain.standard_webhooks import SIGNATURE, TIMESTAMP, is_signed, signed_headers

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BODY = b'{"ticket": "7f3a09c2"}'


def signed_by_the_package(now: float, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    stamp = datetime.fromtimestamp(int(now), UTC)
    signature = Webhook(secret).sign("msg_1", stamp, body.decode())
    return {"webhook-id": "msg_1", TIMESTAMP: str(int(now)), SIGNATURE: signature}


def test_the_package_accepts_our_signature() -> None:
    now = int(datetime.now(UTC).timestamp())
    assert Webhook(SECRET).verify(BODY, dict(signed_headers(KEY, "msg_1", now, BODY))) == {"ticket": "7f3a09c2"}


def test_we_accept_that_of_the_package() -> None:
    assert is_signed(KEY, signed_by_the_package(1_800_000_000), 1_800_000_000.4, BODY)


@pytest.mark.parametrize(
    ("moved", "accepted"), [(-301, False), (-300, True), (300, True), (301, False)], ids=["old", "just", "soon", "late"]
)
def test_a_timestamp_may_differ_by_five_minutes(moved: int, *, accepted: bool) -> None:
    now = 1_800_000_000
    assert is_signed(KEY, signed_by_the_package(now + moved), now, BODY) is accepted


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 257},
        {TIMESTAMP: "1800000001"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "-1"},
        {TIMESTAMP: "9" * 5000},
        {TIMESTAMP: "²"},
        {SIGNATURE: ""},
        {SIGNATURE: "v1,"},
        {SIGNATURE: "v1a,AAAA"},
    ],
)
def test_what_was_changed_is_not_signed(changed: dict[str, str]) -> None:
    assert not is_signed(KEY, signed_by_the_package(1_800_000_000) | changed, 1_800_000_000, BODY)


def test_another_body_or_key_is_not_signed() -> None:
    headers = signed_by_the_package(1_800_000_000)
    assert not is_signed(KEY, headers, 1_800_000_000, BODY + b" ")
    assert not is_signed(bytes(32), headers, 1_800_000_000, BODY)
    assert not is_signed(KEY, {}, 1_800_000_000, BODY)


def test_one_of_several_signatures_is_enough() -> None:
    headers = signed_by_the_package(1_800_000_000)
    headers[SIGNATURE] = f"v1,AAAA {headers[SIGNATURE]}"
    assert is_signed(KEY, headers, 1_800_000_000, BODY)
    headers[SIGNATURE] = " ".join(["v1,AAAA"] * 8 + [headers[SIGNATURE]])
    assert not is_signed(KEY, headers, 1_800_000_000, BODY)
