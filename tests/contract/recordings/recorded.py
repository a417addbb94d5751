"""What the suite of Recordings keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from groundwire_server.ports.call_recordings import RecordingEntry, RecordingKey

ASKED = datetime(2026, 11, 27, 12, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CONTENT = '{"groundwire_recording":2}\n{"question":"vermilion — “six”?\\u0000"}\n'.encode()


def key(number: int = 1, tenant: str = "acme") -> RecordingKey:
    return RecordingKey(tenant, f"{number:032x}")


def entry(number: int = 1, tenant: str = "acme", **changes: object) -> RecordingEntry:
    made = RecordingEntry(
        key(number, tenant),
        "ann",
        f"request-{number}",
        TRACE,
        "default",
        "answered",
        "ANSWER_VALIDATED",
        ASKED,
        ASKED + timedelta(days=30),
        "answer/1.2.0",
        "small",
        "tone:candidate",
        redacted=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
