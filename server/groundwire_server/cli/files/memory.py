"""Remembers which documents a server has stored, so that the next run does not send them again.

Each confirmation is one line of JSON, appended as it arrives: a run that is stopped leaves at most one broken line,
which is skipped. A remembered document counts only while the server still has the same content: someone else may have
changed it since, and another server may listen at the address.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from groundwire.v1.document_pb2 import IngestState
from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files.entries import Given, Readable, Stamp, Unchanged

_STALE_LINES = 1000


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A document as the server has confirmed it.

    Attributes:
        digest: of the document that was sent.
        given: the digest of the properties from the command line.
        content_hash: the server's hash of the content.
    """

    document_id: str
    digest: str
    given: str
    content_hash: str
    passages: int
    stamp: Stamp | None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Confirmed":
        """Return the document of a line.

        Raises:
            TypeError: when the line holds something else.
        """
        stamp = fields.pop("stamp")
        return cls(stamp=Stamp(**stamp) if stamp else None, **fields)


class Memory:
    """The documents that one server has stored for one tenant.

    Args:
        path: the file.
        given: the properties from the command line.
        held: returns the content hash of the document that the server holds under an id.
    """

    def __init__(self, path: Path, given: Given, held: Callable[[str], str]) -> None:
        self._path = path
        self._given = given.digest
        self._held = held
        self._known: dict[str, Confirmed] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        self._sent = set[str]()

    def load(self) -> None:
        """Read the file.

        Raises:
            OSError: when the file cannot be read or appended to.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._open())
        lines = 0
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                self._take(line)
                lines += 1
        if lines > 2 * len(self._known) + _STALE_LINES:
            self._rewrite()

    def forget(self) -> None:
        """Take no document for unchanged; which file each was stored from stays known."""
        self._sent.update(self._known)

    def ids_from(self, path: str) -> list[str]:
        """Return the ids of the documents that were stored from a file, by its path without links."""
        return sorted(self._ids.get(path, ()))

    def stored_from(self, document_id: str) -> str:
        """Return the path of the file from which a document was stored; empty when there is none."""
        known = self._known.get(document_id)
        return known.stamp.path if known and known.stamp else ""

    def unchanged(self, document_id: str, stamp: Stamp) -> Unchanged | None:
        """Return the stored document of a file that has not changed since; None otherwise."""
        known = self._known.get(document_id)
        if known is None or known.stamp != stamp or known.given != self._given:
            return None
        return self._unchanged(known)

    def same(self, readable: Readable) -> Unchanged | None:
        """Return the stored document if it is the same; None if it has to be sent."""
        document_id = readable.document.document_id
        known = self._known.get(document_id)
        unchanged = self._unchanged(known) if known and known.digest == readable.digest else None
        if known is None or unchanged is None:
            self._sent.add(document_id)
        elif readable.stamp != known.stamp:
            self._remember(replace(known, stamp=readable.stamp))  # touched, but not changed
        return unchanged

    def confirm(self, readable: Readable, result: IngestDocumentsResponse) -> None:
        """Remember a document that the server has stored; one in quarantine is sent again, until it is released."""
        if not result.content_hash or result.state == IngestState.INGEST_STATE_QUARANTINED:
            return
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
        self._know(confirmed)
        # Remembering is a convenience: a full disk does not end a run. One write per line, so that two runs at once do
        # not mix their lines.
        with suppress(OSError):
            file = self._open()
            try:
                os.write(file, _line(confirmed).encode())
            finally:
                os.close(file)

    def _unchanged(self, known: Confirmed) -> Unchanged | None:
        # A document that this run has sent under the same id may have replaced the one that the server had.
        if known.document_id in self._sent or self._held(known.document_id) != known.content_hash:
            return None
        return Unchanged(known.document_id, known.passages)

    def _open(self, path: Path | None = None) -> int:
        """Open the file for appending, private to this user."""
        return os.open(path or self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rewrite(self) -> None:
        """Rewrite the file without stale lines, atomically; what another run adds meanwhile is sent again."""
        with suppress(OSError):
            rewritten = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            with os.fdopen(self._open(rewritten), "w", encoding="utf-8") as file:
                file.writelines(_line(each) for each in self._known.values())
            rewritten.replace(self._path)

    def _take(self, line: str) -> None:
        try:
            confirmed = Confirmed.of(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        self._know(confirmed)

    def _know(self, confirmed: Confirmed) -> None:
        document_id = confirmed.document_id
        before = self._known.get(document_id)
        if before and before.stamp:
            others = tuple(each for each in self._ids[before.stamp.path] if each != document_id)
            self._ids[before.stamp.path] = others
        self._known[document_id] = confirmed
        if confirmed.stamp:
            self._ids[confirmed.stamp.path] = (*self._ids.get(confirmed.stamp.path, ()), document_id)


def memory_of(server: str, tenant: str) -> Path:
    """Return the file for one server and tenant, in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    # The XDG standard says to ignore a path that is not absolute.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    name = hashlib.sha256(f"{server}\n{tenant}".encode()).hexdigest()[:24]
    return folder / "groundwire" / f"ingest-{name}.jsonl"


def _line(confirmed: Confirmed) -> str:
    fields: Mapping[str, Any] = asdict(confirmed)
    return json.dumps(fields) + "\n"
