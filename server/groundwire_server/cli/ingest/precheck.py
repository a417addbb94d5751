"""What the server would refuse, so that a plan names it and nothing is sent in vain."""

from groundwire_server.cli.files.entries import Readable, Unreadable
from groundwire_server.cli.ingest.reading_ahead import Entry
from groundwire_server.corpus.checks import check_document
from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.convert.document import document_from_pb
from groundwire_server.edge.convert.violations import first_violation


def accepted(entry: Entry) -> Entry:
    """Return an entry, or why the server would refuse its document by the limits of the contract."""
    if not isinstance(entry, Readable):
        return entry
    document = entry.document
    violation = first_violation(document)
    if violation is None:
        try:
            check_document(document_from_pb(document))
        except Rejection as refused:
            violation = refused.violations[0]
    if violation is None:
        return entry
    field = violation.field.removeprefix("document.")
    return Unreadable(entry.line or document.document_id, f"cannot be stored: {field}: {violation.description}")
