"""Recordings on their way to the database.

A call is written down in the background, once its outcome has left: no caller waits for it. Where there is no room for
one, it is too large, or the database is away, it is dropped and counted.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import RESULT_NAMES, Outcome
from groundwire_server.domain.recording_policy import RecordingPolicy
from groundwire_server.domain.share import place_in_share
from groundwire_server.ports.call_recordings import RecordedCall, RecordingEntry, RecordingKey, Recordings
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import RecordsError
from groundwire_server.telemetry import metrics

CONTENT_LIMIT: Final = 3_900_000
"""Bytes of a recording, so that a client with gRPC's usual limit of 4 MiB can read it."""

_PENDING_LIMIT: Final = 32
"""Recordings in memory, with all that they hold."""

_WRITERS: Final = 2
"""Transactions at once, so that recordings leave the database to calls."""

_SECONDS: Final = 10.0
"""What keeping one may take, from when its outcome left."""

_AFTER: Final = 0.05
"""Seconds before it is begun: the outcome leaves first."""

_ID_BYTES: Final = 16
_PERSON: Final = b"gw-recording"
"""Keeps these draws apart from all else that is drawn by the same key."""

_KEPT: Final = "kept"
_NO_ROOM: Final = "no_room"
_TOO_LARGE: Final = "too_large"
_UNAVAILABLE: Final = "unavailable"

_log = logging.getLogger(__name__)


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)


class RecordingWriter:
    """The recordings of a process that are on their way.

    Args:
        recordings: keeps them.
        clock: dates them.
        recorder: counts what becomes of them.
        key: draws which calls are recorded, at most 64 bytes: the same call has the same draw in every process.
        new_id: returns a new id.
        after: seconds before one is begun.
    """

    def __init__(
        self,
        recordings: Recordings,
        clock: Clock,
        recorder: Metrics,
        key: bytes,
        *,
        new_id: Callable[[], str] = _new_id,
        after: float = _AFTER,
    ) -> None:
        self._recordings = recordings
        self._clock = clock
        self._metrics = recorder
        self._key = key
        self._new_id = new_id
        self._after = after
        self._writers = asyncio.Semaphore(_WRITERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"RecordingWriter(pending={len(self._tasks)})"

    def draws(self, inquiry: Inquiry, share: float) -> bool:
        """Return whether a call is among a share; a caller can neither tell nor choose."""
        if self._ended:
            return False
        caller = inquiry.caller
        name = f"{caller.tenant}\0{caller.subject}\0{inquiry.question.request_id}"
        return place_in_share(name, self._key, _PERSON) < share

    def begin(
        self, inquiry: Inquiry, outcome: Outcome, call: RecordedCall, policy: RecordingPolicy, masker: Masker | None
    ) -> None:
        """Begin to keep a call, unless too many are on their way."""
        route = inquiry.policy.route
        if self._ended or len(self._tasks) >= _PENDING_LIMIT:
            self._metrics.add(metrics.RECORDINGS, 1, route, _NO_ROOM)
            return
        entry = _entry(inquiry, outcome, RecordingKey(inquiry.caller.tenant, self._new_id()), self._clock, policy.keep)
        task = asyncio.create_task(self._counted(route, self._keep(entry, call, masker)), name="recording")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def end(self) -> None:
        """Record no more, and wait for those on their way."""
        self._ended = True
        await self.settle()

    async def settle(self) -> None:
        """Wait for those on their way; each has its time."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _counted(self, route: str, keeping: Coroutine[Any, Any, str]) -> None:
        became = _UNAVAILABLE
        try:
            async with asyncio.timeout(_SECONDS):
                became = await keeping
        except (RecordsError, TimeoutError):
            # Nobody waits for it, and what the database says is in its own log.
            pass
        finally:
            self._metrics.add(metrics.RECORDINGS, 1, route, became)

    async def _keep(self, entry: RecordingEntry, call: RecordedCall, masker: Masker | None) -> str:
        """Write a call down; return what became of it."""
        await asyncio.sleep(self._after)
        async with self._writers:
            content, redacted = await asyncio.to_thread(_written, call, masker)
            if len(content) > CONTENT_LIMIT:
                return _TOO_LARGE
            await self._recordings.keep(replace(entry, redacted=redacted, documents=call.documents), content)
        return _KEPT

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("a recording has failed", extra={"error": type(error).__qualname__})


@dataclass(frozen=True, slots=True)
class RouteRecordings:
    """The RecordingSink of a route.

    Attributes:
        writer: of the process.
        policy: of the route.
        masker: finds what is not kept; None keeps all.
    """

    writer: RecordingWriter
    policy: RecordingPolicy
    masker: Masker | None = None

    def wants(self, inquiry: Inquiry) -> bool:
        """Return whether a call is recorded; see the port."""
        return inquiry.caller.tenant in self.policy.tenants and self.writer.draws(inquiry, self.policy.share)

    def keep(self, inquiry: Inquiry, outcome: Outcome, call: RecordedCall) -> None:
        """Begin to keep a call; see the port."""
        self.writer.begin(inquiry, outcome, call, self.policy, self.masker)


def _written(call: RecordedCall, masker: Masker | None) -> tuple[bytes, bool]:
    """Return a call as bytes, and whether something was replaced in it."""
    if masker is None:
        return call.written(None), False
    placeholders = masker.numbered(call.texts())
    return call.written(placeholders.mask), bool(placeholders.originals)


def _entry(inquiry: Inquiry, outcome: Outcome, key: RecordingKey, clock: Clock, keep: float) -> RecordingEntry:
    report, question = outcome.report, inquiry.question
    created = clock.today() - timedelta(seconds=clock.now() - inquiry.arrived)
    prompt = f"{report.prompt_name}/{report.prompt_version}" if report.prompt_name else ""
    return RecordingEntry(
        key,
        inquiry.caller.subject,
        question.request_id,
        report.trace_id,
        inquiry.policy.route,
        RESULT_NAMES[type(outcome.result)],
        outcome.cause,
        created,
        created + timedelta(seconds=keep),
        prompt,
        report.model,
        inquiry.experiment_arm,
        end_user=question.end_user_id,
    )
