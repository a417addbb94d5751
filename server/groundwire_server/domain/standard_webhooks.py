"""Signatures of Standard Webhooks 1.0 (https://www.standardwebhooks.com), in both directions."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

TOLERANCE: Final = 300
"""Seconds by which a timestamp may differ from the receiver's clock."""

_VERSION: Final = "v1,"
_ID_LENGTH: Final = 256
_SIGNATURES: Final = 8
"""Signatures of one message that are compared: a sender that changes its key sends two."""


def signed_headers(key: bytes, message_id: str, now: int, body: bytes) -> Mapping[str, str]:
    """Return the headers of a message in JSON.

    Args:
        key: of the receiver.
        message_id: the same at each attempt, so that a receiver can drop what it has.
        now: seconds since 1970.
        body: what is sent.
    """
    return {
        "content-type": "application/json",
        ID: message_id,
        TIMESTAMP: str(now),
        SIGNATURE: _signature(key, message_id, str(now), body),
    }


def is_signed(key: bytes, headers: Mapping[str, str], now: float, body: bytes) -> bool:
    """Return whether a message was signed with a key, and not long ago.

    Args:
        key: of the sender.
        headers: by name in lower case.
        now: seconds since 1970.
        body: what has come.
    """
    message_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not (0 < len(message_id) <= _ID_LENGTH and message_id.isascii() and stamp.isascii() and stamp.isdigit()):
        return False
    if len(stamp) > len(str(TOLERANCE)) + 10 or abs(int(stamp) - now) > TOLERANCE:
        return False
    wanted = _signature(key, message_id, stamp, body).encode()
    given = headers.get(SIGNATURE, "").split(" ")[:_SIGNATURES]
    return any(hmac.compare_digest(wanted, each.encode()) for each in given)


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return _VERSION + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
