"""What is to be stored, as the command line says it."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files import converter, finding, reading
from groundwire_server.cli.files.entries import Given, Unreadable
from groundwire_server.cli.files.ignoring import IgnoreFileError
from groundwire_server.cli.files.readers import registry
from groundwire_server.cli.files.skipping import SkippedFiles
from groundwire_server.cli.ingest.precheck import accepted
from groundwire_server.cli.ingest.reading_ahead import Entry, ReadAhead

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """The documents to be stored.

    Attributes:
        files: the files that were found.
        nothing: paths that name no file, or that cannot be read.
        skipped: what was left out of folders.
        folders: the folders that have files.
        given: the principals, metadata and title of every document.
        standard_input: whether a text or JSONL is read from standard input.
        document_id: the id of that text; None for JSONL.
    """

    files: Sequence[Path]
    nothing: Sequence[Unreadable]
    skipped: SkippedFiles
    folders: Sequence[Path]
    given: Given
    standard_input: bool
    document_id: str | None

    @classmethod
    def of(cls, paths: Sequence[str], given: Given, document_id: str | None, *, jsonl: bool) -> "IngestPlan":
        """Find the files that the command line names.

        Raises:
            CommandError: when it names nothing, or standard input without saying what it is, or an ignore file cannot
                be read.
        """
        standard_input = _STDIN in paths
        if standard_input and (document_id is None) != jsonl:
            raise CommandError(ExitCode.USAGE, "standard input needs --id ID, for a text, or --jsonl")
        if not standard_input and (document_id is not None or jsonl):
            raise CommandError(ExitCode.USAGE, "--id and --jsonl apply to standard input: give - as the path")
        found = _found(path for path in paths if path != _STDIN)
        files, needing = _convertible(found.files)
        nothing = found.nothing + needing
        if not files and not standard_input:
            raise CommandError(ExitCode.USAGE, "; ".join(f"{each.name}: {each.why}" for each in nothing))
        if given.title and (len(files) + standard_input > 1 or jsonl or any(map(finding.is_lines, files))):
            raise CommandError(ExitCode.USAGE, "--title applies to a single document: name one file, or omit it")
        return cls(files, nothing, found.skipped, found.folders, given, standard_input, document_id)

    @property
    def count(self) -> int:
        """The number of documents, as far as it is known in advance."""
        return reading.count(self.files) + self.standard_input

    def read(self, ahead: ReadAhead) -> Iterator[Entry]:
        """Yield the documents, in order."""
        return map(accepted, self._read(ahead))

    def _read(self, ahead: ReadAhead) -> Iterator[Entry]:
        yield from ahead.read(self.files)
        if not self.standard_input:
            return
        if self.document_id is None:
            yield from reading.lines(sys.stdin.buffer, "standard input", self.given)
        else:
            yield reading.text(sys.stdin.buffer, self.document_id, self.given)


def _found(paths: Iterable[str]) -> finding.Found:
    try:
        return finding.find(paths)
    except IgnoreFileError as unreadable:
        raise CommandError(ExitCode.USAGE, str(unreadable)) from None


def _convertible(files: Sequence[Path]) -> tuple[list[Path], list[Unreadable]]:
    """Return the files that can be read, and one line about those that need an extra which is not installed."""
    needing = [path for path in files if registry.needs_extra(path.suffix.lower())]
    if not needing or registry.extra_installed():
        return list(files), []
    name = str(needing[0]) + (f" and {len(needing) - 1} more" if len(needing) > 1 else "")
    rest = [path for path in files if path not in needing]
    return rest, [Unreadable(name, f"HTML, PDF, DOCX, XLSX and reStructuredText need an extra: {converter.EXTRA}")]
