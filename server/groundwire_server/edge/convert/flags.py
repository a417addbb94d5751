"""What guards found, and documents that are held back for it."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from groundwire.v1 import document_pb2, report_pb2
from groundwire_server.domain.document import Stored
from groundwire_server.domain.guards.finding import Flag
from groundwire_server.domain.quarantine import Quarantine
from groundwire_server.edge.convert.words import GUARD_ACTIONS, INGEST_STATES, SCREENS

_QUARANTINED: Final = document_pb2.INGEST_STATE_QUARANTINED


def fill_flags(messages: "RepeatedCompositeFieldContainer[report_pb2.Flag]", flags: Mapping[Flag, int]) -> None:
    """Write flags into a message's field, each with the number of texts that had it."""
    for flag, count in flags.items():
        messages.add(
            screen=SCREENS[flag.screen],
            guard=flag.guard.name,
            guard_version=flag.guard.version,
            category=flag.category,
            action=GUARD_ACTIONS[flag.action],
            count=count,
        )


def ingest_state(stored: Stored) -> "document_pb2.IngestState.ValueType":
    """Return what became of a document that was stored."""
    return _QUARANTINED if stored.quarantined else INGEST_STATES[stored.state]


def fill_quarantine(message: document_pb2.Quarantine, quarantine: Quarantine) -> None:
    """Write why a document is held back into a message."""
    for finding in quarantine.findings:
        message.findings.add(
            guard=finding.guard.name,
            guard_version=finding.guard.version,
            category=finding.category,
            rule=finding.rule,
            in_title=finding.in_title,
            start_code_point=finding.start,
            end_code_point=finding.end,
        )
