"""Changes of prompts: versions that are pushed, and labels that are set or go back.

Each locks the revision first and the head of the audit trail last. Times are in microseconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from groundwire_server.adapters.records.audit.trail import AuditEvent
from groundwire_server.adapters.records.operations.rows import AnyRow, moment
from groundwire_server.adapters.records.registry.journal import RegistryJournal, change_event
from groundwire_server.adapters.records.tables.registry import prompt_changes, prompt_labels, prompt_versions
from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.prompts.moves import MOST_MOVES, LabelMove, earlier
from groundwire_server.domain.prompts.registry import MOST_BYTES, PRODUCTION, PromptLabel, PromptVersion
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.registry_records import PromptChange

MOST_VERSIONS: Final = 5_000
"""Versions that the records hold at most, of all prompts together: every process has them in memory."""

MOST_TEXT: Final = 256 * MOST_BYTES
"""Code points of all their texts at most, for the same reason."""

PINNED: Final = "set by the first push, so that routes keep the version that was in force"

_TEXT: Final = select(prompt_versions.c.text).where(
    prompt_versions.c.name == bindparam("of"), prompt_versions.c.version == bindparam("number")
)

_EXTENT: Final = select(func.count(), func.coalesce(func.sum(func.length(prompt_versions.c.text)), 0))

_ADD_VERSION: Final = insert(prompt_versions).inline()

_NAMED: Final = (prompt_labels.c.name == bindparam("of"), prompt_labels.c.label == bindparam("labelled"))

_LABEL: Final = select(prompt_labels).where(*_NAMED)

_DROP_LABEL: Final = delete(prompt_labels).where(*_NAMED)

_ADD_LABEL: Final = insert(prompt_labels).inline()

_ADD_CHANGE: Final = insert(prompt_changes).inline()

# Those that were made last.
_MOVES: Final = (
    select(prompt_changes.c.version, prompt_changes.c.previous, prompt_changes.c.rolled_back)
    .where(prompt_changes.c.name == bindparam("of"), prompt_changes.c.label == bindparam("labelled"))
    .order_by(prompt_changes.c.revision.desc())
    .limit(MOST_MOVES)
)


@dataclass(frozen=True, slots=True)
class _Change:
    """What `prompt_changes` and the audit trail hold of a change."""

    prompt: str
    label: str
    version: str
    previous: str
    actor: str
    reason: str
    rolled_back: bool = False

    @property
    def event(self) -> AuditEvent:
        """The entry of the audit trail."""
        word = "pushed" if not self.label else "rolled_back" if self.rolled_back else "labelled"
        details = {"label": self.label, "version": self.version, "previous": self.previous, "reason": self.reason}
        return change_event(f"prompt.{word}", f"prompts/{self.prompt}", self.actor, details)


@dataclass(frozen=True, slots=True)
class PromptWriter:
    """Writes changes of prompts, each in a transaction of the caller's.

    Attributes:
        journal: of the changes.
    """

    journal: RegistryJournal

    def push(self, connection: Connection, version: PromptVersion, reason: str, in_force: str) -> int:
        """Add a version; see `RegistryRecords.push`."""
        revision = self.journal.lock(connection)
        found = connection.scalar(_TEXT, {"of": version.name, "number": version.version})
        if found is not None:
            if found != version.text:
                raise Rejection(Reason.PROMPT_VERSION_EXISTS, metadata={"prompt": f"{version.name}/{version.version}"})
            return revision
        _check_room(connection, version)
        connection.execute(_ADD_VERSION, _version_row(version, self.journal.now))
        changes = [_Change(version.name, "", version.version, "", version.author, reason)]
        if in_force and _label(connection, version.name, PRODUCTION) is None:
            pin = _Change(version.name, PRODUCTION, in_force, "", version.author, PINNED)
            connection.execute(_ADD_LABEL, _label_row(pin, "", self.journal.now))
            changes.append(pin)
        return self._note(connection, revision, changes)

    def set_label(
        self, connection: Connection, label: PromptLabel, expected: str | None, checked: int | None
    ) -> tuple[PromptLabel, int]:
        """Point a label at a version; see `RegistryRecords.set_label`."""
        revision = self.journal.lock(connection)
        row = _label(connection, label.prompt, label.label)
        if row is not None and row.version == label.version:
            return label_of(row), revision
        if expected is not None and expected != ("" if row is None else row.version):
            raise _changed(label.label)
        self.journal.check(revision, checked)
        previous = label.previous if row is None else row.version
        change = _Change(label.prompt, label.label, label.version, previous, label.actor, label.reason)
        return self._point(connection, revision, change, previous)

    def roll_back(
        self, connection: Connection, label: PromptLabel, expected: str, checked: int | None
    ) -> tuple[PromptLabel, int]:
        """Point a label at what it pointed at before; see `RegistryRecords.roll_back`."""
        revision = self.journal.lock(connection)
        row = _label(connection, label.prompt, label.label)
        if row is None or row.version != expected or not row.previous or row.previous != label.version:
            raise _changed(label.label)
        self.journal.check(revision, checked)
        rows = connection.execute(_MOVES, {"of": label.prompt, "labelled": label.label}).all()
        moves = [LabelMove(each.version, each.previous, bool(each.rolled_back)) for each in reversed(rows)]
        before = earlier([*moves, LabelMove(label.version, row.version, rolled_back=True)])
        change = _Change(
            label.prompt, label.label, label.version, row.version, label.actor, label.reason, rolled_back=True
        )
        return self._point(connection, revision, change, before)

    def _point(self, connection: Connection, revision: int, change: _Change, previous: str) -> tuple[PromptLabel, int]:
        connection.execute(_DROP_LABEL, {"of": change.prompt, "labelled": change.label})
        connection.execute(_ADD_LABEL, _label_row(change, previous, self.journal.now))
        reached = self._note(connection, revision, [change])
        at = moment(self.journal.now)
        kept = PromptLabel(change.prompt, change.label, change.version, previous, change.actor, at, change.reason)
        return kept, reached

    def _note(self, connection: Connection, revision: int, changes: Sequence[_Change]) -> int:
        """Count changes and write them down; return the revision."""
        rows = [_change_row(each, number, self.journal.now) for number, each in enumerate(changes, start=revision + 1)]
        connection.execute(_ADD_CHANGE, rows)
        reached = revision + len(changes)
        self.journal.note(connection, reached, [each.event for each in changes])
        return reached


def label_of(row: AnyRow) -> PromptLabel:
    """Return the label of a row."""
    return PromptLabel(row.name, row.label, row.version, row.previous, row.actor, moment(row.at), row.reason)


def changes_of(connection: Connection, prompt: str, before: int | None, most: int) -> Sequence[PromptChange]:
    """Return changes, the newest first; see `RegistryRecords.changes`."""
    query = select(prompt_changes).order_by(prompt_changes.c.revision.desc()).limit(most)
    if prompt:
        query = query.where(prompt_changes.c.name == prompt)
    if before is not None:
        query = query.where(prompt_changes.c.revision < before)
    return [
        PromptChange(
            revision=row.revision,
            at=moment(row.at),
            actor=row.actor,
            prompt=row.name,
            label=row.label,
            version=row.version,
            previous=row.previous,
            reason=row.reason,
            rolled_back=bool(row.rolled_back),
        )
        for row in connection.execute(query)
    ]


def _label(connection: Connection, prompt: str, label: str) -> AnyRow | None:
    row: AnyRow | None = connection.execute(_LABEL, {"of": prompt, "labelled": label}).first()
    return row


def _check_room(connection: Connection, version: PromptVersion) -> None:
    count, length = connection.execute(_EXTENT).one()
    if count < MOST_VERSIONS and length + len(version.text) <= MOST_TEXT:
        return
    full = f"the records hold {count} versions, as many as they can: keep further ones in prompts.folder"
    raise Rejection(Reason.PROMPT_INVALID, violations=(Violation("version", full, "prompt.room"),))


def _changed(label: str) -> Rejection:
    return Rejection(Reason.PROMPT_LABEL_CHANGED, metadata={"label": label})


def _version_row(version: PromptVersion, now: int) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "digest": version.digest,
        "text": version.text,
        "author": version.author,
        "created": now,
    }


def _label_row(change: _Change, previous: str, now: int) -> dict[str, Any]:
    return {
        "name": change.prompt,
        "label": change.label,
        "version": change.version,
        "previous": previous,
        "actor": change.actor,
        "at": now,
        "reason": change.reason,
    }


def _change_row(change: _Change, revision: int, now: int) -> dict[str, Any]:
    return {
        "revision": revision,
        "at": now,
        "actor": change.actor,
        "name": change.prompt,
        "label": change.label,
        "version": change.version,
        "previous": change.previous,
        "reason": change.reason,
        "rolled_back": int(change.rolled_back),
    }
