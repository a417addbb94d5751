"""Erasures and their receipts."""

import hashlib
import json

from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.v1 import erasure_pb2
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasureReceipt,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    RecordSelection,
    Selection,
)
from groundwire_server.edge.convert.words import ERASED_PLACES


def selection_from_pb(target: erasure_pb2.ErasureTarget) -> Selection:
    """Read which documents are erased; the message has passed validation."""
    match target.WhichOneof("selection"):
        case "document_id":
            return OneDocument(target.document_id)
        case "source":
            return OneSource(target.source.uri, target.source.prefix)
        case _:
            return EntireTenant()


def record_selection_from_pb(target: erasure_pb2.ErasureTarget) -> RecordSelection:
    """Read which records are erased; the message has passed validation."""
    match target.WhichOneof("selection"):
        case "subject":
            return OneSubject(target.subject)
        case "end_user_id":
            return OneEndUser(target.end_user_id)
        case _:
            return selection_from_pb(target)


def receipt_to_pb(receipt: ErasureReceipt) -> erasure_pb2.ErasureReceipt:
    """Write a receipt with the hash of its content."""
    erased = Timestamp()
    erased.FromDatetime(receipt.erased)
    message = erasure_pb2.ErasureReceipt(
        erasure_id=receipt.erasure_id,
        tenant=receipt.erasure.tenant,
        target=_target(receipt.erasure.selection),
        places=[_place(place) for place in receipt.places],
        complete=receipt.complete,
        erase_time=erased,
        subject_hash=receipt.subject_hash,
        corpus_version=receipt.corpus_version,
        notes=receipt.notes,
    )
    message.content_hash = content_hash(message)
    return message


def content_hash(receipt: erasure_pb2.ErasureReceipt) -> str:
    """Return the hash of a receipt's fields, without that of the hash itself; the contract says how it is made."""
    fields = json_format.MessageToDict(receipt)
    fields.pop("contentHash", None)
    written = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _target(selection: RecordSelection) -> erasure_pb2.ErasureTarget:
    match selection:
        case OneDocument(document_id):
            return erasure_pb2.ErasureTarget(document_id=document_id)
        case OneSource(uri, prefix):
            return erasure_pb2.ErasureTarget(source=erasure_pb2.ErasureSource(uri=uri, prefix=prefix))
        case OneSubject(subject):
            return erasure_pb2.ErasureTarget(subject=subject)
        case OneEndUser(end_user_id):
            return erasure_pb2.ErasureTarget(end_user_id=end_user_id)
        case EntireTenant():
            return erasure_pb2.ErasureTarget(tenant=erasure_pb2.EntireTenant())


def _place(place: ErasedPlace) -> erasure_pb2.ErasedPlace:
    return erasure_pb2.ErasedPlace(
        kind=ERASED_PLACES[place.kind], count=place.count, complete=place.complete, note=place.note
    )
