"""Questions that are answered later: their operations, what they cost, and what is to be sent out."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from groundwire_server.adapters.records.tables.base import NUMBER, metadata

operations: Final = Table(
    "operations",
    metadata,
    Column("operation_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("end_user", String(64), nullable=False, comment="hashed; empty without one"),
    Column("route", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("priority", SmallInteger, nullable=False, comment="0 goes first"),
    Column("turn", Float, nullable=False, comment="fair order among tenants: the start of its share of the workers"),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempts_most", Integer, nullable=False),
    Column("worker", String(64)),
    Column("lease_until", BigInteger),
    Column("due", BigInteger, nullable=False, comment="it is not taken up before"),
    Column("accepted", BigInteger, nullable=False),
    Column("begun", BigInteger),
    Column("ended", BigInteger),
    Column("expires", BigInteger, nullable=False),
    Column("cause", String(40)),
    Column("error", String(40)),
    Column("format", SmallInteger, nullable=False, comment="of the sealed columns"),
    Column("sealed_question", LargeBinary, comment="the question with its caller; none once it is done"),
    Column("sealed_result", LargeBinary),
    Column("sealed_webhook", LargeBinary),
    UniqueConstraint("tenant", "subject", "request_id"),
    # The order of work, and the position in it, are read from this index alone.
    Index(None, "state", "priority", "turn", "operation_id"),
    # Accepting an operation leaves it as it is in SQLite. To say so of PostgreSQL would load its dialect at each start.
    Index(None, "lease_until", sqlite_where=text("lease_until IS NOT NULL")),
    # So is what a tenant has waiting, and the last of its turns.
    Index(None, "tenant", "state", "priority", "turn"),
    Index(None, "tenant", "subject", "accepted"),
    Index(None, "expires"),
)

operation_documents: Final = Table(
    "operation_documents",
    metadata,
    Column("operation_id", ForeignKey("operations.operation_id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", String(256), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Index(None, "tenant", "document_id"),
)

history: Final = Table(
    "operation_history",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("operation_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("event", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "operation_id"),
    Index(None, "at"),
)

ledger: Final = Table(
    "ledger",
    metadata,
    Column("operation_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("route", String(64), nullable=False),
    Column("reserved_micros", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, comment="when"),
    Column("settled", BigInteger, comment="when; none while the operation goes on"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("lost_attempts", Integer, nullable=False, comment="begun and never ended: each may have cost a call more"),
    Column("priority", SmallInteger, nullable=False, comment="as the operation had it"),
    Column("turn", Float, nullable=False, comment="as the operation had it: what a tenant has had is not forgotten"),
    Index(None, "tenant", "settled"),
    Index(None, "priority", "turn"),
    Index(None, "tenant", "priority", "turn"),
)

# An entry about a review has its ticket in `operation_id`.
outbox: Final = Table(
    "outbox",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, comment="work, ended or webhook"),
    Column("operation_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("receiver", String(64), nullable=False, server_default="", comment="of what is about a review"),
    Index(None, "due"),
    Index(None, "operation_id"),
)
