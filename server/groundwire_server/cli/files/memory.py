"""Remembers what a server has stored, so that the next run need not send it again.

One line of JSON for each confirmation, appended as it comes: a run that is stopped anywhere leaves whole lines and at
most one broken one, which is passed over. What is remembered is believed only as far as the server still says the same.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files.entries import Readable, Skipped, Stamp


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A document as the server has confirmed it."""

    document_id: str
    digest: str
    revision: int
    passages: int
    principals: list[str]
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

    Attributes:
        corpus_version: the corpus's version at the end of the last run; empty when there was none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Confirmed] = {}
        self.corpus_version = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is known to be stored."""
        return not self._known

    def load(self) -> None:
        """Reads what was remembered.

        Raises:
            OSError: when the file cannot be read, or not be added to.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._open())
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                self._take(line)

    def keep_only(self, revisions: Mapping[str, int]) -> None:
        """Forgets what the server holds no longer, or in another revision."""
        known = self._known.items()
        self._known = {name: each for name, each in known if revisions.get(name) == each.revision}

    def forget(self) -> None:
        """Forgets everything until the server confirms it again."""
        self._known.clear()

    def unchanged(self, document_id: str, stamp: Stamp, principals: Sequence[str]) -> Skipped | None:
        """What is stored of a file, when it has not changed since; None otherwise."""
        known = self._known.get(document_id)
        if known is None or known.stamp != stamp or known.principals != list(principals):
            return None
        return Skipped(document_id, known.passages)

    def same(self, readable: Readable) -> Skipped | None:
        """What is stored of a document, when it is the same; None otherwise."""
        known = self._known.get(readable.document.document_id)
        return Skipped(known.document_id, known.passages) if known and known.digest == readable.digest else None

    def confirm(self, readable: Readable, result: IngestDocumentsResponse) -> None:
        """Remembers a document that the server has stored."""
        confirmed = Confirmed(
            result.document_id,
            readable.digest,
            result.revision,
            result.chunk_count,
            list(readable.document.allowed_principals),
            readable.stamp,
        )
        self._known[result.document_id] = confirmed
        self._append(asdict(confirmed))

    def end(self, corpus_version: str) -> None:
        """Remembers the corpus's version, by which the next run sees at once that nothing has changed."""
        self._append({"corpus_version": corpus_version})

    def _append(self, line: Mapping[str, Any]) -> None:
        # To remember is a convenience: a full disk does not end a run. One write a line, so that two runs at once do
        # not tear each other's.
        with suppress(OSError):
            file = self._open()
            try:
                os.write(file, (json.dumps(line) + "\n").encode())
            finally:
                os.close(file)

    def _open(self) -> int:
        """The file to add to; the names of files are nobody else's business."""
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _take(self, line: str) -> None:
        try:
            fields = json.loads(line)
            if "corpus_version" in fields:
                self.corpus_version = str(fields["corpus_version"])
            else:
                confirmed = Confirmed.of(fields)
                self._known[confirmed.document_id] = confirmed
                # Other lines follow the last run's end only when the run after it was stopped.
                self.corpus_version = ""
        except (ValueError, TypeError, KeyError, AttributeError):
            return


def memory_of(server: str, tenant: str) -> Memory:
    """The memory of one server and tenant, in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    # What is not absolute is to be passed over, says the standard.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    name = hashlib.sha256(f"{server}\n{tenant}".encode()).hexdigest()[:24]
    return Memory(folder / "groundwire" / f"ingest-{name}.jsonl")
