"""Identity of chunks and of document revisions."""

import hashlib
import json
import uuid

from groundwire_server.domain.document import Document

_CHUNKS = uuid.UUID("5b0f7e6c-2d0c-5a5e-9a3f-5f6d2a1c7e44")


def chunk_id(tenant: str, document_id: str, ordinal: int, text: str) -> str:
    """Return a UUID: the same for the same text at the same place of the same document, different for anything else."""
    # As `uuid.uuid5` makes them, in half of its time.
    name = json.dumps([tenant, document_id, ordinal, text]).encode()
    octets = bytearray(hashlib.sha1(_CHUNKS.bytes + name, usedforsecurity=False).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def content_hash(document: Document, model: str, settings: str) -> str:
    """Return the SHA-256, in lower-case hexadecimal, that differs between two revisions of a document.

    Args:
        document: hashed by text, format, title, source, metadata and access list, not by id.
        model: the embedding model, empty without one.
        settings: how documents are split.
    """
    known = [
        document.title,
        document.text_format.value,
        document.source_uri,
        sorted(document.metadata.items()),
        sorted(document.allowed_principals),
        model,
        settings,
    ]
    digest = hashlib.sha256(json.dumps(known).encode())
    digest.update(b"\n")
    digest.update(document.text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
