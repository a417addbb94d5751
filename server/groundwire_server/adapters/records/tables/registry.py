"""Prompts and experiments that are changed at run time."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, SmallInteger, String, Table, Text

from groundwire_server.adapters.records.tables.base import metadata

registry: Final = Table(
    "registry",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False, comment="1"),
    Column("revision", BigInteger, nullable=False, comment="of the last change; a change locks this row first"),
)

prompt_versions: Final = Table(
    "prompt_versions",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("author", String(256), nullable=False),
    Column("created", BigInteger, nullable=False),
)

prompt_labels: Final = Table(
    "prompt_labels",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("previous", String(32), nullable=False, comment="empty without one"),
    Column("actor", String(256), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", String(1024), nullable=False),
)

prompt_changes: Final = Table(
    "prompt_changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(256), nullable=False),
    Column("name", String(64), nullable=False),
    Column("label", String(64), nullable=False, comment="empty where a version was pushed"),
    Column("version", String(32), nullable=False),
    Column("previous", String(32), nullable=False),
    Column("reason", String(1024), nullable=False),
    Column("rolled_back", SmallInteger, nullable=False, comment="1 where the label went back"),
    Index(None, "name", "revision"),
)

experiments: Final = Table(
    "experiments",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("route", String(64), nullable=False),
    Column("definition", Text, nullable=False, comment="its file, in YAML"),
    Column("etag", String(64), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("ended", BigInteger, comment="when it ended or is to end; none without an end"),
    Column("ended_arms", Text, nullable=False, comment="JSON, as domain/experiments/experiment.py has ArmEnd"),
    Index(None, "route", "start"),
)
