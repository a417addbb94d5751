"""Counts what became of documents, and prints it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from rich.text import Text

from groundwire.v1.document_pb2 import IngestState
from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire.v1.report_pb2 import GuardAction
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.files.entries import Readable, Unchanged, Unreadable
from groundwire_server.cli.files.skipping import SkippedFiles, SkippedGroup, SkipReason
from groundwire_server.cli.words import counted

_NAMED: Final = 5
"""Names of skipped files in a summary for people."""


class Renamed(NamedTuple):
    """A document that kept its id when its file was renamed."""

    document_id: str
    before: str
    now: str


class Quarantined(NamedTuple):
    """A document that guards hold back.

    Attributes:
        why: the categories of what they found, each with its guard.
    """

    document_id: str
    why: str


class Warned(NamedTuple):
    """Something of a file that is not in its document's text."""

    name: str
    warning: str


@dataclass
class Tally:
    """The results of an upload.

    Attributes:
        unchanged: includes the documents that were not sent.
        sent: how many documents the server was sent.
        warnings: what of files is not in the documents' text, by the files' names.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    sent: int = 0
    passages: int = 0
    failures: list[Unreadable] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """How many documents the server holds as given, and finds."""
        return self.created + self.updated + self.unchanged

    @property
    def incomplete(self) -> bool:
        """Whether some documents are not found as they were given."""
        return bool(self.failures or self.quarantined)

    def keep(self, unchanged: Unchanged) -> None:
        """Count a document that was stored before."""
        self.unchanged += 1
        self.passages += unchanged.passages

    def add(self, result: IngestDocumentsResponse, readable: Readable) -> None:
        """Count the result of a document."""
        name = readable.line or readable.document.document_id
        self.sent += 1
        self.passages += result.chunk_count
        match result.state:
            case IngestState.INGEST_STATE_CREATED:
                self.created += 1
            case IngestState.INGEST_STATE_UPDATED:
                self.updated += 1
            case IngestState.INGEST_STATE_UNCHANGED:
                self.unchanged += 1
            case IngestState.INGEST_STATE_QUARANTINED:
                self.quarantined.append(Quarantined(result.document_id, _reasons(result)))
            case _:
                why = one_line(result.error.message) or "the server did not say why"
                self.failures.append(Unreadable(name, why))
                return
        self.note(readable)

    def note(self, readable: Readable) -> None:
        """Remember what there is to say of a document beside its result."""
        name = readable.line or readable.document.document_id
        self.warnings += [Warned(name, warning) for warning in readable.warnings]
        if readable.path_before and readable.stamp:
            self.renamed.append(Renamed(readable.document.document_id, readable.path_before, readable.stamp.path))


def show_tally(console: Terminal, tally: Tally, skipped: SkippedFiles | None = None) -> None:
    """Print the counts, what was skipped, and failures with their reasons."""
    counts = ((tally.created, "new"), (tally.updated, "updated"), (tally.unchanged, "unchanged"))
    said = ", ".join(f"{count} {name}" for count, name in counts if count) or "none stored"
    console.hang(Text(), Text(f"{counted(tally.stored, 'document')}: {said}; {counted(tally.passages, 'passage')}"))
    show_notes(console, tally)
    if skipped:
        show_skipped(console, skipped)
    _show_quarantined(console, tally.quarantined)
    show_failures(console, tally.failures)


def show_notes(console: Terminal, tally: Tally) -> None:
    """Print which documents kept their ids, and what is missing from their texts."""
    if tally.renamed:
        console.print(Text(f"{len(tally.renamed)} renamed, with the id kept:", style="bold"))
    for each in tally.renamed:
        line = Text(each.document_id, style="bold")
        line.append(f" is now {one_line(each.now)}", style="not bold")
        console.hang(Text("  "), line)
    if tally.warnings:
        console.print(Text(f"{counted(len(tally.warnings), 'warning')}:", style="bold yellow"))
    _show_lines(console, tally.warnings)


def show_failures(console: Terminal, failures: Iterable[Unreadable]) -> None:
    """Print what failed and why."""
    listed = sorted(failures, key=lambda each: each.name)
    if listed:
        console.print(Text(f"{len(listed)} failed:", style="bold red"))
    _show_lines(console, ((each.name, each.why) for each in listed))


def _show_quarantined(console: Terminal, quarantined: Sequence[Quarantined]) -> None:
    """Print which documents are held back and why, and what can be done."""
    if not quarantined:
        return
    console.print(Text(f"{len(quarantined)} in quarantine, not found until they are released:", style="bold yellow"))
    _show_lines(console, sorted(quarantined))
    console.hang(Text("  "), Text("an operator reviews them: groundwire documents quarantined", style="dim"))


def show_skipped(console: Terminal, skipped: SkippedFiles) -> None:
    """Print what was skipped, one line for each reason."""
    if skipped.count:
        console.print(Text(f"{skipped.count} skipped:", style="bold"))
    for group in skipped.groups():
        line = Text(f"{group.count} ")
        line.append(_reason(group))
        more = group.count - _NAMED
        named = ", ".join(map(one_line, group.names[:_NAMED])) + (f" and {more} more" if more > 0 else "")
        line.append(f": {named}")
        console.hang(Text("  "), line)


def as_json(tally: Tally, skipped: SkippedFiles, removed: Sequence[str]) -> dict[str, Any]:
    """Return the summary."""
    return {
        "created": tally.created,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "sent": tally.sent,
        "passages": tally.passages,
        "removed": list(removed),
        **listed(tally, skipped),
    }


def listed(tally: Tally, skipped: SkippedFiles) -> dict[str, Any]:
    """Return what is named in a summary."""
    return {
        "renamed": [{"documentId": each.document_id, "before": each.before, "now": each.now} for each in tally.renamed],
        "warnings": [each._asdict() for each in tally.warnings],
        "quarantined": [{"documentId": each.document_id, "why": each.why} for each in sorted(tally.quarantined)],
        "failed": [{"name": each.name, "why": each.why} for each in tally.failures],
        "skipped": listed_skipped(skipped),
    }


def listed_skipped(skipped: SkippedFiles) -> list[dict[str, Any]]:
    """Return what was skipped, by reason."""
    return [{"reason": str(each.reason), "count": each.count, "names": each.names} for each in skipped.groups()]


def _reasons(result: IngestDocumentsResponse) -> str:
    flags = [flag for flag in result.flags if flag.action == GuardAction.GUARD_ACTION_QUARANTINE]
    return ", ".join(f"{flag.category} ({flag.guard} {flag.guard_version})" for flag in flags)


def _reason(group: SkippedGroup) -> str:
    if group.reason is not SkipReason.NO_READER:
        return str(group.reason)
    endings = [suffix or "names without an ending" for suffix in group.suffixes[:_NAMED]]
    return f"{group.reason} for {', '.join(endings)}"


def _show_lines(console: Terminal, lines: Iterable[tuple[str, str]]) -> None:
    for name, said in lines:
        line = Text(one_line(name), style="bold")
        line.append(f" {one_line(said)}", style="not bold")
        console.hang(Text("  "), line)
