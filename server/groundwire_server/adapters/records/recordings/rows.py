"""Recordings and their rows."""

from typing import Any, Final

from groundwire_server.adapters.records.cases.rows import FORMAT, readable
from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.ports.call_recordings import RecordingEntry, RecordingKey

_COLUMN: Final = "recordings.sealed_content"


class RecordingRows:
    """Reads and writes the rows of recordings.

    Args:
        sealing: of the contents.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def values(self, entry: RecordingEntry, content: bytes) -> dict[str, Any]:
        """Return the columns of a recording."""
        tenant, recording_id = entry.key.tenant, entry.key.recording_id
        return {
            "recording_id": recording_id,
            "tenant": tenant,
            "subject": entry.subject,
            "end_user": self._sealing.pseudonyms(tenant, entry.end_user)[0] if entry.end_user else "",
            "request_id": entry.request_id,
            "trace_id": entry.trace_id,
            "route": entry.route,
            "result": entry.result,
            "cause": entry.cause,
            "prompt": entry.prompt,
            "model": entry.model,
            "experiment_arm": entry.experiment_arm,
            "created": micros(entry.created),
            "expires": micros(entry.expires),
            "redacted": int(entry.redacted),
            "format": FORMAT,
            "sealed_content": self._sealing.seal(content, _place(tenant, entry.subject, recording_id)),
        }

    def entry(self, row: AnyRow) -> RecordingEntry:
        """Return the recording of a row without its contents, its end user and its documents."""
        return RecordingEntry(
            RecordingKey(row.tenant, row.recording_id),
            row.subject,
            row.request_id,
            row.trace_id,
            row.route,
            row.result,
            row.cause,
            moment(row.created),
            moment(row.expires),
            row.prompt,
            row.model,
            row.experiment_arm,
            redacted=bool(row.redacted),
        )

    def content(self, row: AnyRow) -> bytes:
        """Return what a row holds.

        Raises:
            UnknownKeyError: when its key is not configured.
            RecordsError: when it cannot be read.
        """
        with readable(row.format):
            place = _place(row.tenant, row.subject, row.recording_id)
            return self._sealing.open(row.sealed_content, place)


def _place(tenant: str, subject: str, recording_id: str) -> SealedPlace:
    return SealedPlace(tenant, subject, recording_id, _COLUMN)
