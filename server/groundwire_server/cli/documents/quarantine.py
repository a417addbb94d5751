"""Reviewing documents in quarantine: what guards object to, and releasing them."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from google.protobuf import json_format
from rich.text import Text

import groundwire
from groundwire.v1.document_pb2 import DocumentInfo, DocumentOrder, QuarantineFinding
from groundwire.v1.document_service_pb2 import GetQuarantinedDocumentResponse
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.documents.deletion import confirm, counted, named
from groundwire_server.cli.documents.listing import PAGE
from groundwire_server.cli.exits import CommandError, ExitCode

_AROUND: Final = 40
"""Characters of a text that are shown on each side of a finding."""
_LONGEST: Final = 160
"""Characters of a finding that are shown."""

_WHITE_SPACE: Final = re.compile(r"\s+")


def listed(client: groundwire.SyncClient, condition: groundwire.Filter | None, order: str) -> Iterator[DocumentInfo]:
    """Yield the documents in quarantine; the order is a value of DocumentOrder without its prefix, in lower case."""
    number = DocumentOrder.Value(f"DOCUMENT_ORDER_{order.upper()}")
    return client.list_quarantined_documents(filter=condition, order=number, page_size=PAGE)


def print_list(documents: Iterable[DocumentInfo]) -> None:
    """Print documents with why each is held back: on a terminal two lines for each, elsewhere one with tabs."""
    console = Terminal()
    count = 0
    for document in documents:
        count += 1
        reasons = reasons_of(document)
        if console.is_terminal:
            console.hang(Text(), Text(document.document_id, style="bold"))
            stored = document.update_time.ToDatetime().strftime("%Y-%m-%d")
            console.hang(Text("  "), Text(f"{reasons}; revision {document.revision}, stored {stored}"))
        else:
            stored = document.update_time.ToJsonString()
            print("\t".join((document.document_id, reasons, str(document.revision), stored)))
    # Beside the output, so that what reads it counts lines alone.
    print(f"{counted(count)} in quarantine", file=sys.stderr)


def reasons_of(document: DocumentInfo) -> str:
    """Return the categories for which a document is held back, each with its guard."""
    found = dict.fromkeys((each.category, each.guard, each.guard_version) for each in document.quarantine.findings)
    return ", ".join(one_line(f"{category} ({guard} {version})") for category, guard, version in found)


def held(client: groundwire.SyncClient, document_id: str) -> GetQuarantinedDocumentResponse | None:
    """Return a document in quarantine with its text; None where there is none that the caller may review.

    Raises:
        groundwire.Error: when the call fails.
    """
    try:
        return client.get_quarantined_document(document_id, include_text=True)
    except groundwire.Error as failed:
        if failed.reason != "DOCUMENT_NOT_FOUND":
            raise
        return None


def unknown(document_id: str) -> str:
    """Return what to say where there is no such document."""
    return f"there is no document {one_line(document_id)} in quarantine that you may review"


def print_findings(found: GetQuarantinedDocumentResponse) -> None:
    """Print what guards object to in a document, each stretch with some of the text around it."""
    console = Terminal()
    by_reason = groupby(found.document.quarantine.findings, lambda each: (each.category, each.guard))
    for (category, guard), findings in by_reason:
        console.hang(Text(), Text(one_line(f"{category}, by the guard {guard}:"), style="bold"))
        for finding in findings:
            text = found.document.title if finding.in_title else found.text
            console.hang(Text("  "), _excerpt(text, finding))


def print_json(found: GetQuarantinedDocumentResponse) -> None:
    """Print the reply, as the contract maps it to JSON."""
    print(json_format.MessageToJson(found))


def release(client: groundwire.SyncClient, document_ids: Sequence[str], *, yes: bool) -> int:
    """Release documents in the revisions that are shown, and return how many are not in quarantine.

    Raises:
        CommandError: when the reply is not yes, or a document was replaced after it was shown.
        groundwire.Error: when a call fails.
    """
    revisions = dict[str, int]()
    for document_id in document_ids:
        found = held(client, document_id)
        if found is None:
            print(f"groundwire: {unknown(document_id)}", file=sys.stderr, flush=True)
            continue
        revisions[document_id] = found.document.revision
        if not yes:
            print(one_line(document_id))
            print_findings(found)
    if revisions and not yes:
        confirm(named(list(revisions)), "Release")
    for document_id, revision in revisions.items():
        _release(client, document_id, revision)
    return len(document_ids) - len(revisions)


def _release(client: groundwire.SyncClient, document_id: str, revision: int) -> None:
    try:
        released = client.release_document(document_id, revision)
    except groundwire.Error as failed:
        if failed.reason != "REVISION_MISMATCH":
            raise
        message = f"{one_line(document_id)} was replaced after it was shown, and is not released: review it again"
        raise CommandError(ExitCode.INCOMPLETE, message) from None
    count = released.chunk_count
    print(f"released {one_line(document_id)}: {count} passage{'' if count == 1 else 's'}", flush=True)


def _excerpt(text: str, finding: QuarantineFinding) -> Text:
    start, end = finding.start_code_point, finding.end_code_point
    words = text[start:end] if end - start <= _LONGEST else f"{text[start : start + _LONGEST]}…"
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    where = "title" if finding.in_title else "text"
    return Text.assemble(
        (f"{where} {start}: ", "dim"),
        _flat(f"…{before}" if start > _AROUND else before),
        (_flat(words), "bold red"),
        _flat(f"{after}…" if end + _AROUND < len(text) else after),
    )


def _flat(text: str) -> str:
    """Return a part of a line, of a text that nobody trusts."""
    return _WHITE_SPACE.sub(" ", printable(text))
