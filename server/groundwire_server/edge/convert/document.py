"""Documents."""

from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.v1 import document_pb2
from groundwire_server.domain.document import Document, DocumentInfo
from groundwire_server.edge.convert import metadata


def document_from_pb(message: document_pb2.Document) -> Document:
    """Read a document; it has passed validation."""
    return Document(
        document_id=message.document_id,
        text=message.text,
        title=message.title,
        source_uri=message.source_uri,
        metadata=metadata.from_pb(message.metadata),
        allowed_principals=frozenset(message.allowed_principals),
    )


def info_to_pb(info: DocumentInfo) -> document_pb2.DocumentInfo:
    """Write what is known about a stored document."""
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
        update_time=updated,
    )
    metadata.fill(message.metadata, info.metadata)
    return message
