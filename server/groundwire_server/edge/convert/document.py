"""Documents."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.v1 import document_pb2, document_service_pb2
from groundwire_server.domain.document import Document, DocumentInfo, DocumentOrder, Listing, TextFormat
from groundwire_server.domain.quarantine import as_sent, quarantine_of
from groundwire_server.edge.convert import metadata
from groundwire_server.edge.convert.filters import filter_from_pb
from groundwire_server.edge.convert.flags import fill_quarantine
from groundwire_server.edge.convert.words import DOCUMENT_ORDERS, TEXT_FORMATS

_FORMATS_SENT: Final = {number: word for word, number in TEXT_FORMATS.items()}


def document_from_pb(message: document_pb2.Document) -> Document:
    """Read a document; it has passed validation."""
    return Document(
        document_id=message.document_id,
        text=message.text,
        title=message.title,
        source_uri=message.source_uri,
        metadata=metadata.from_pb(message.metadata),
        allowed_principals=frozenset(message.allowed_principals),
        text_format=_FORMATS_SENT.get(message.text_format, TextFormat.PLAIN),
    )


def listing_from_pb(
    request: document_service_pb2.ListDocumentsRequest | document_service_pb2.ListQuarantinedDocumentsRequest,
) -> Listing:
    """Read which documents are listed and in which order; the request has passed validation.

    Raises:
        Rejection: INVALID_REQUEST when the filter is too deep or too large.
    """
    condition = filter_from_pb(request.filter, "filter") if request.HasField("filter") else None
    return Listing(condition, DOCUMENT_ORDERS.get(request.order, DocumentOrder.ID))


def info_to_pb(stored: DocumentInfo) -> document_pb2.DocumentInfo:
    """Write what is known about a stored document, as it was sent."""
    info = as_sent(stored)
    updated = Timestamp()
    updated.FromDatetime(info.updated)
    message = document_pb2.DocumentInfo(
        document_id=info.document_id,
        title=info.title,
        source_uri=info.source_uri,
        allowed_principals=sorted(info.allowed_principals),
        revision=info.revision,
        content_hash=info.content_hash,
        chunk_count=info.chunk_count,
        size_bytes=info.size_bytes,
        text_format=TEXT_FORMATS[info.text_format],
        update_time=updated,
    )
    metadata.fill(message.metadata, info.metadata)
    if info is not stored and (quarantine := quarantine_of(stored)) is not None:
        fill_quarantine(message.quarantine, quarantine)
    return message
