"""Recordings of calls."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table

from groundwire_server.adapters.records.tables.base import metadata

recordings: Final = Table(
    "recordings",
    metadata,
    Column("recording_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("end_user", String(64), nullable=False, comment="hashed; empty without one"),
    Column("request_id", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("route", String(64), nullable=False),
    Column("result", String(16), nullable=False),
    Column("cause", String(40), nullable=False),
    Column("prompt", String(100), nullable=False),
    Column("model", String(64), nullable=False),
    Column("experiment_arm", String(1024), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("redacted", SmallInteger, nullable=False),
    Column("format", SmallInteger, nullable=False, comment="of the sealed column"),
    Column("sealed_content", LargeBinary, nullable=False),
    Index(None, "tenant", "created", "recording_id"),
    Index(None, "tenant", "subject", "request_id"),
    Index(None, "expires"),
)

recording_documents: Final = Table(
    "recording_documents",
    metadata,
    Column("recording_id", ForeignKey("recordings.recording_id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", String(256), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Index(None, "tenant", "document_id"),
)
