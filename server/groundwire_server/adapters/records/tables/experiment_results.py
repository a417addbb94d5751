"""What came of the calls of experiments."""

from typing import Final

from sqlalchemy import BigInteger, Column, Float, ForeignKey, SmallInteger, String, Table

from groundwire_server.adapters.records.tables.base import metadata
from groundwire_server.adapters.records.tables.registry import experiments

experiment_units: Final = Table(
    "experiment_units",
    metadata,
    Column("experiment", ForeignKey(experiments.c.name, ondelete="CASCADE"), primary_key=True),
    Column("unit", String(32), primary_key=True, comment="a keyed digest"),
    Column("arm", String(64), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    *(
        Column(metric, Float, nullable=False, server_default="0")
        for metric in (
            "answered",
            "abstained",
            "degraded",
            "failed_safe",
            "blocked",
            "queued",
            "in_review",
            "verified",
            "malformed",
            "repaired",
            "latency_ms",
            "cost_micros",
            "input_tokens",
            "cached_input_tokens",
            "output_tokens",
            "feedback",
            "negative",
        )
    ),
)

experiment_latency: Final = Table(
    "experiment_latency",
    metadata,
    Column("experiment", ForeignKey(experiments.c.name, ondelete="CASCADE"), primary_key=True),
    Column("arm", String(64), primary_key=True),
    Column("bucket", SmallInteger, primary_key=True, autoincrement=False),
    Column("calls", BigInteger, nullable=False),
)

experiment_writers: Final = Table(
    "experiment_writers",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("batch", BigInteger, nullable=False, comment="number of the last; one that comes again is not added again"),
    Column("cut", BigInteger, nullable=False, comment="until when its calls are counted"),
)
