"""Recordings: what keeps them, and what takes calls by one configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.masking import open_masker
from groundwire_server.app.parts.records import share_key
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.recording_policy import RecordingPolicy
from groundwire_server.ports.call_recordings import Recordings, RecordingSink
from groundwire_server.ports.erasable import ErasableRecords
from groundwire_server.ports.metrics import Metrics

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords
    from groundwire_server.adapters.records.recordings.writing import RecordingWriter


@dataclass(frozen=True, slots=True)
class RouteRecordingRules:
    """What a route records, by one configuration.

    Attributes:
        policy: whose calls, and how long they are kept.
        masker: finds what is not kept; None keeps all.
    """

    policy: RecordingPolicy
    masker: Masker | None = None


@dataclass(frozen=True, slots=True)
class ProcessRecordings:
    """The recordings of a process.

    Attributes:
        records: keep them.
        writer: has those that are on their way.
    """

    records: Recordings
    writer: "RecordingWriter"

    def sink(self, rules: RouteRecordingRules | None) -> RecordingSink | None:
        """Return what takes the calls of a route; None where it records none."""
        if rules is None:
            return None
        from groundwire_server.adapters.records.recordings.writing import RouteRecordings  # noqa: PLC0415  # as below

        return RouteRecordings(self.writer, rules.policy, rules.masker)

    def pending_erasure(self) -> ErasableRecords:
        """Return what takes recordings in memory into account when records are erased."""
        from groundwire_server.adapters.records.recordings.erasing import PendingRecordingErasure  # noqa: PLC0415

        return PendingRecordingErasure(self.writer, SystemClock())


def open_recordings(records: "OpenedRecords | None", recorder: Metrics) -> ProcessRecordings | None:
    """Return the recordings of a process; None where there are no records.

    Args:
        records: the database.
        recorder: counts what becomes of recordings.
    """
    if records is None:
        return None
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.recordings.sql import SqlRecordings  # noqa: PLC0415
    from groundwire_server.adapters.records.recordings.writing import RecordingWriter  # noqa: PLC0415

    clock = SystemClock()
    kept = SqlRecordings(records.database, records.sealing, clock)
    return ProcessRecordings(kept, RecordingWriter(kept, clock, recorder, share_key(records)))


async def open_recording_rules(configuration: Configuration, lease: Lease) -> Mapping[str, RouteRecordingRules]:
    """Return what routes record, by the route; those that record nothing are not in it.

    Raises:
        SetupError: when a file of a guard cannot be used.
    """
    retention = configuration.records.retention
    return {
        name: RouteRecordingRules(policy, await open_masker(route.recording.mask, configuration, lease))
        for name, route in configuration.routes.items()
        if (policy := route.recording.policy(retention)) is not None
    }
