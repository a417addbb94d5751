"""Remembers what a server has stored, so that the next run need not send it again.

One line of JSON for each confirmation, appended as it comes: a run that is stopped anywhere leaves whole lines and at
most one broken one, which is passed over. What is remembered is believed only of a document of which the server still
has the very content: another may have changed it since, and another server may listen at the address.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files.entries import Given, Readable, Skipped, Stamp

_STALE_LINES = 1000


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A document as the server has confirmed it.

    Attributes:
        digest: of all that was sent.
        given: the digest of what was said of it from outside.
        content_hash: the server's own.
    """

    document_id: str
    digest: str
    given: str
    content_hash: str
    passages: int
    stamp: Stamp | None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Confirmed":
        """What a line holds.

        Raises:
            TypeError: when it holds something else.
        """
        stamp = fields.pop("stamp")
        return cls(stamp=Stamp(**stamp) if stamp else None, **fields)


class Memory:
    """What one server has stored of one tenant.

    Args:
        path: the file.
        given: what this run says of the documents.
        held: tells the content hash of what the server holds under an id.
    """

    def __init__(self, path: Path, given: Given, held: Callable[[str], str]) -> None:
        self._path = path
        self._given = given.digest
        self._held = held
        self._known: dict[str, Confirmed] = {}
        self._sent = set[str]()

    def load(self) -> None:
        """Reads what was remembered.

        Raises:
            OSError: when the file cannot be read, or not be added to.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._open())
        lines = 0
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                self._take(line)
                lines += 1
        if lines > 2 * len(self._known) + _STALE_LINES:
            self._write_anew()

    def forget(self) -> None:
        """Forgets everything until the server confirms it again."""
        self._known.clear()

    def unchanged(self, document_id: str, stamp: Stamp) -> Skipped | None:
        """What is stored of a file, when it has not changed since; None otherwise."""
        known = self._known.get(document_id)
        if known is None or known.stamp != stamp or known.given != self._given:
            return None
        return self._skipped(known)

    def same(self, readable: Readable) -> Skipped | None:
        """What is stored of a document, when it is the same; None otherwise, and then it is to be sent."""
        document_id = readable.document.document_id
        known = self._known.get(document_id)
        skipped = self._skipped(known) if known and known.digest == readable.digest else None
        if known is None or skipped is None:
            self._sent.add(document_id)
        elif readable.stamp != known.stamp:
            self._remember(replace(known, stamp=readable.stamp))  # touched, and not changed
        return skipped

    def confirm(self, readable: Readable, result: IngestDocumentsResponse) -> None:
        """Remembers a document that the server has stored."""
        if not result.content_hash:
            return  # nothing to know it by: not stored, or a server of an earlier version
        confirmed = Confirmed(
            result.document_id,
            readable.digest,
            self._given,
            result.content_hash,
            result.chunk_count,
            readable.stamp,
        )
        self._remember(confirmed)

    def _remember(self, confirmed: Confirmed) -> None:
        self._known[confirmed.document_id] = confirmed
        # To remember is a convenience: a full disk does not end a run. One write a line, so that two runs at once do
        # not tear each other's.
        with suppress(OSError):
            file = self._open()
            try:
                os.write(file, _line(confirmed).encode())
            finally:
                os.close(file)

    def _skipped(self, known: Confirmed) -> Skipped | None:
        # What this run sends under the same id may replace what the server had when it was asked.
        if known.document_id in self._sent or self._held(known.document_id) != known.content_hash:
            return None
        return Skipped(known.document_id, known.passages)

    def _open(self, path: Path | None = None) -> int:
        """The file to add to; the names of files are nobody else's business."""
        return os.open(path or self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _write_anew(self) -> None:
        """Writes only what still counts, in one step; what another run adds meanwhile it will send again."""
        with suppress(OSError):
            anew = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            with os.fdopen(self._open(anew), "w", encoding="utf-8") as file:
                file.writelines(_line(each) for each in self._known.values())
            anew.replace(self._path)

    def _take(self, line: str) -> None:
        try:
            confirmed = Confirmed.of(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        self._known[confirmed.document_id] = confirmed


def memory_of(server: str, tenant: str) -> Path:
    """The file for one server and tenant, in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    # What is not absolute is to be passed over, says the standard.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    name = hashlib.sha256(f"{server}\n{tenant}".encode()).hexdigest()[:24]
    return folder / "groundwire" / f"ingest-{name}.jsonl"


def _line(confirmed: Confirmed) -> str:
    fields: Mapping[str, Any] = asdict(confirmed)
    return json.dumps(fields) + "\n"
