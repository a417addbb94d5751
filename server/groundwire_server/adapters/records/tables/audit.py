"""The audit trail, and the keys of its digests and of sealed texts."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from groundwire_server.adapters.records.tables.base import metadata

audit: Final = Table(
    "audit",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(256), nullable=False, comment="empty where the service did it by itself"),
    Column("event", String(40), nullable=False),
    Column("target", String(128), nullable=False),
    Column("details", Text, nullable=False, comment="JSON, without texts"),
    Column("key_id", String(16), nullable=False, comment="of the key that the digest is made with"),
    Column("digest", LargeBinary(32), nullable=False),
    Index(None, "tenant", "target", "sequence"),
)

audit_heads: Final = Table(
    "audit_heads",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False, comment="of the last entry; adding one locks this row first"),
    Column("digest", LargeBinary(32), nullable=False),
)

keys: Final = Table(
    "record_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("sealed_check", LargeBinary, nullable=False, comment="opens with the right key of this id alone"),
)
