"""Erasing documents, and what this command remembers of them."""

import sys
from collections.abc import Iterator
from typing import Final

from google.protobuf import json_format

import groundwire
from groundwire.v1.document_service_pb2 import EraseDocumentsResponse
from groundwire.v1.erasure_pb2 import EntireTenant, ErasedPlaceKind, ErasureReceipt, ErasureSource, ErasureTarget
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import one_line
from groundwire_server.cli.documents.deletion import counted
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.memory import memory_of

_MOST_CALLS: Final = 100
"""Calls that an erasure may take: each goes on for as long as the server lets it."""

_PLACES: Final = {
    ErasedPlaceKind.ERASED_PLACE_KIND_DOCUMENTS: "documents",
    ErasedPlaceKind.ERASED_PLACE_KIND_PASSAGES: "passages",
    ErasedPlaceKind.ERASED_PLACE_KIND_TOMBSTONES: "ids of deleted documents",
    ErasedPlaceKind.ERASED_PLACE_KIND_STORE_FILES: "rewritten pages of files",
    ErasedPlaceKind.ERASED_PLACE_KIND_KEPT_ANSWERS: "kept answers",
    ErasedPlaceKind.ERASED_PLACE_KIND_CACHED_TEXTS: "cached texts",
    ErasedPlaceKind.ERASED_PLACE_KIND_CACHED_ANSWERS: "cached answers",
    ErasedPlaceKind.ERASED_PLACE_KIND_OPERATIONS: "queued questions",
    ErasedPlaceKind.ERASED_PLACE_KIND_CASES: "kept questions with their answers",
    ErasedPlaceKind.ERASED_PLACE_KIND_FEEDBACK: "feedback",
    ErasedPlaceKind.ERASED_PLACE_KIND_USAGE: "names in the accounts of usage",
    ErasedPlaceKind.ERASED_PLACE_KIND_EXPERIMENTS: "results of experiments by unit",
    ErasedPlaceKind.ERASED_PLACE_KIND_RECORDINGS: "recordings",
}


_REMOVED: Final = frozenset({ErasedPlaceKind.ERASED_PLACE_KIND_DOCUMENTS, ErasedPlaceKind.ERASED_PLACE_KIND_TOMBSTONES})
"""Places of which every call takes something, as long as there is something."""


def target_of(document_id: str | None, source: str | None, *, prefix: bool, tenant: bool) -> ErasureTarget:
    """Return what the command line names.

    Raises:
        CommandError: when it does not name exactly one thing.
    """
    if [document_id is not None, source is not None, tenant].count(True) != 1:
        raise CommandError(ExitCode.USAGE, "say what to erase: one of --document ID, --source URI and --entire-tenant")
    if prefix and source is None:
        raise CommandError(ExitCode.USAGE, "--prefix applies to --source")
    if document_id is not None:
        return ErasureTarget(document_id=document_id)
    if source is not None:
        return ErasureTarget(source=ErasureSource(uri=source, prefix=prefix))
    return ErasureTarget(tenant=EntireTenant())


def print_plan(plan: EraseDocumentsResponse, *, named: bool) -> None:
    """Print how many documents would be erased and, where they are to be named, the ids that the server names."""
    if named:
        for document_id in plan.document_sample:
            print(one_line(document_id))
        more = plan.document_count - len(plan.document_sample)
        if more > 0:
            print(f"… and {more} more")
    print(f"{counted(plan.document_count)} would be erased", file=sys.stderr, flush=True)


def erase(client: groundwire.SyncClient, target: ErasureTarget) -> Iterator[ErasureReceipt]:
    """Erase documents; yield a receipt for each call that it takes, the last of which is complete.

    Raises:
        CommandError: when it does not become complete.
    """
    for _ in range(_MOST_CALLS):
        receipt = client.erase_documents(target, force=True).receipt
        yield receipt
        if receipt.complete:
            return
        if not any(place.count for place in receipt.places if place.kind in _REMOVED):
            break
        print("not complete yet: erasing goes on", file=sys.stderr, flush=True)
    raise CommandError(ExitCode.INCOMPLETE, "not everything was erased: the last receipt says where; erase it again")


def print_receipt(receipt: ErasureReceipt) -> None:
    """Print a receipt, one fact a line."""
    for place in receipt.places:
        left = "" if place.complete else ", not complete"
        note = f" ({one_line(place.note)})" if place.note else ""
        print(f"{_PLACES.get(place.kind, 'others')}: {place.count}{left}{note}")
    for note in receipt.notes:
        print(one_line(note))
    print(f"receipt {receipt.content_hash}")


def print_json(receipt: ErasureReceipt) -> None:
    """Print a receipt on one line, as the contract maps it to JSON."""
    print(json_format.MessageToJson(receipt, indent=None))


def forget_ingested(connection: ConnectionOptions) -> bool:
    """Remove what this command remembers of documents that it has ingested; return whether there was anything.

    Its lines hold paths and hashes of texts. Without them the next ingest sends every document again.
    """
    try:
        memory_of(connection.server, connection.tenant or "").unlink()
    except FileNotFoundError:
        return False
    except OSError as failed:
        message = f"{failed.filename} cannot be removed: {failed.strerror}; it holds paths and hashes of documents"
        raise CommandError(ExitCode.INCOMPLETE, message) from None
    return True
