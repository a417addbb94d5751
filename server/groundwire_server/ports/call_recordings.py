"""The port of recordings: calls with all that came back from what they asked, so that they can be replayed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class RecordingKey:
    """Names a recording; an id means nothing outside its tenant."""

    tenant: str
    recording_id: str


@dataclass(frozen=True, slots=True)
class RecordingEntry:
    """A recording without its contents; see `Recording` of the contract.

    Attributes:
        subject: who asked, for erasure.
        redacted: whether personal data was replaced before it was kept.
        end_user: as the caller has named it; kept as a hash, for erasure, and empty in what is read.
        documents: ids of the documents that it holds text of, for erasure; empty in what is read.
    """

    key: RecordingKey
    subject: str
    request_id: str
    trace_id: str
    route: str
    result: str
    cause: str
    created: datetime
    expires: datetime
    prompt: str = ""
    model: str = ""
    experiment_arm: str = ""
    redacted: bool = False
    end_user: str = ""
    documents: frozenset[str] = frozenset()


class Recordings(Protocol):
    """Keeps recordings, encrypted.

    Every adapter passes `tests/contract/recordings`. Every method raises RecordsError when the database cannot be
    asked.
    """

    async def keep(self, entry: RecordingEntry, content: bytes) -> None:
        """Keep one."""
        ...

    async def page(
        self, tenant: str, route: str, request_id: str, after: tuple[datetime, str] | None, most: int
    ) -> Sequence[RecordingEntry]:
        """Return entries, the newest first, behind a time and id; empty filters take all."""
        ...

    async def read(self, key: RecordingKey, actor: str) -> tuple[RecordingEntry, bytes] | None:
        """Return one with its contents, and note in the audit trail who read it; None where there is none.

        Raises:
            Rejection: ERASED where its key is gone.
        """
        ...

    async def delete(self, key: RecordingKey, actor: str) -> bool:
        """Forget one, and note in the audit trail who did; return whether it was there."""
        ...

    async def sweep(self) -> int:
        """Forget what is kept long enough; return how many are gone."""
        ...


class RecordedCall(Protocol):
    """A call as it was recorded, before it is written down."""

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it holds text of."""
        ...

    def texts(self) -> Iterable[str]:
        """Return all texts of callers, documents and models, each whole: a text that came in pieces is one."""
        ...

    def written(self, mask: Callable[[str], str] | None) -> bytes:
        """Return it as a recording file of one question.

        Args:
            mask: returns what is kept of a text among `texts`; names beside them are left out. None keeps all.
        """
        ...


class RecordingSink(Protocol):
    """Takes the calls of a route that are to be recorded. It never waits, and never fails."""

    def wants(self, inquiry: Inquiry) -> bool:
        """Return whether a call is recorded: its tenant is among those of the route, and it was drawn."""
        ...

    def keep(self, inquiry: Inquiry, outcome: Outcome, call: RecordedCall) -> None:
        """Begin to keep a call that has ended; its texts are masked and written beside the event loop."""
        ...
