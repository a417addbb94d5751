"""The accounts of usage."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table

from groundwire_server.adapters.records.tables.base import metadata

usage: Final = Table(
    "usage",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("subject", String(256), primary_key=True),
    Column("route", String(64), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("currency", String(3), primary_key=True, comment="empty where no price is set"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("estimated_calls", BigInteger, nullable=False),
    Index(None, "day"),
)

usage_books: Final = Table(
    "usage_books",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("began", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False, comment="number of the last; one that comes again is not added again"),
    Column("closed", BigInteger, comment="when; none while the process goes on, or where it crashed"),
    Index(None, "written"),
)

usage_open_calls: Final = Table(
    "usage_open_calls",
    metadata,
    Column("process", ForeignKey("usage_books.process", ondelete="CASCADE"), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("calls", Integer, nullable=False),
)
