"""What stands in Redis for a run: the names of its keys, and how a run that failed says why."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.inquiry import RunKey
from groundwire_server.domain.vocabulary import Reason

FORMAT: Final = 1
"""The version of the records; it is part of every key, so that versions beside each other share no run."""

OPENED: Final = b"opened"
EVENT: Final = b"event"
END: Final = b"end"
"""The fields of a stream's entries: the first, an event, and the last with what the run failed with."""


@dataclass(frozen=True, slots=True)
class EventCodec:
    """Events to bytes and back, as the contract's messages; decoding other bytes raises ValueError."""

    encode: Callable[[NumberedEvent], bytes]
    decode: Callable[[bytes], NumberedEvent]


def digest(key: RunKey) -> str:
    """Return what stands for a run in Redis: neither a tenant, a subject nor a request id can be read from it."""
    hashed = blake2b(digest_size=20, person=b"groundwire-run")
    for part in (key.tenant, key.subject, key.request_id):
        data = part.encode()
        hashed.update(len(data).to_bytes(4, "big") + data)
    return hashed.hexdigest()


def tenant_digest(tenant: str) -> str:
    """Return what stands for a tenant in the names of its runs, so that all of them can be found."""
    return blake2b(tenant.encode(), digest_size=10, person=b"groundwire-ten").hexdigest()


@dataclass(frozen=True, slots=True)
class RunNames:
    """The keys of one run; the braces keep them in one slot.

    Attributes:
        run: the hash that says by which request the run began, and which of its writers has the name.
    """

    run: str

    @classmethod
    def of(cls, prefix: str, key: RunKey) -> "RunNames":
        """Return the keys of a run."""
        return cls(f"{prefix}:{FORMAT}:run:{{{tenant_digest(key.tenant)}.{digest(key)}}}")

    def events(self, token: str) -> str:
        """Return the stream of events that one writer adds to."""
        return f"{self.run}:{token}"


def names_of_tenant(prefix: str, tenant: str) -> str:
    """Return the pattern, as Redis has it, of every key of a tenant's runs."""
    plain = re.sub(r"([\\*?\[\]^])", r"\\\1", prefix)
    return f"{plain}:{FORMAT}:run:{{{tenant_digest(tenant)}.*"


def followed(events: str) -> str:
    """Return the key that stands while a process that does not write a run follows it."""
    return f"{events}:followed"


def packed_end(ended: Rejection | None) -> bytes:
    """Return how a run ended; empty with its outcome."""
    if ended is None:
        return b""
    said: dict[str, Any] = {"reason": ended.reason.value, "metadata": ended.metadata, "retry_after": ended.retry_after}
    if ended.violations:
        said["violations"] = [[each.field, each.description, each.rule] for each in ended.violations]
    return json.dumps(said).encode()


def unpacked_end(data: bytes) -> Rejection | None:
    """Return what a run ended with; None for its outcome.

    Raises:
        ValueError: when another version has written it.
    """
    if not data:
        return None
    said = json.loads(data)
    return Rejection(
        Reason(said["reason"]),
        violations=[Violation(*each) for each in said.get("violations", ())],
        metadata=said["metadata"],
        retry_after=said["retry_after"],
    )
