"""The tables of records.

Times are microseconds since 1970 in UTC. Texts are encrypted (`encryption.py`), in the columns named `sealed_*` alone.
Words are those of `domain/vocabulary.py`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION_TABLE: Final = "records_version"
"""The table that holds the revision of the schema; alembic makes it."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows in an INTEGER key alone.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

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
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
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
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
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

cases: Final = Table(
    "cases",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("end_user", String(64), nullable=False, comment="hashed; empty without one"),
    Column("route", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, comment="it is forgotten then, unless a review of it is open"),
    Column("format", SmallInteger, nullable=False, comment="of the sealed columns"),
    Column("sealed_question", LargeBinary, nullable=False, comment="the text of the question alone, for lists"),
    Column("sealed_case", LargeBinary, nullable=False),
    Index(None, "tenant", "subject", "request_id"),
    Index(None, "expires"),
)

case_documents: Final = Table(
    "case_documents",
    metadata,
    Column("case_id", ForeignKey("cases.case_id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", String(256), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Index(None, "tenant", "document_id"),
)

reviews: Final = Table(
    "reviews",
    metadata,
    Column("ticket", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("case_id", String(32), nullable=False, comment="its row is gone once its texts were erased"),
    Column("operation_id", String(32), nullable=False, comment="empty where nobody waits"),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("trigger", String(16), nullable=False),
    Column("cause", String(40), nullable=False),
    Column("guard", String(64), nullable=False),
    Column("category", String(64), nullable=False),
    Column("route", String(64), nullable=False),
    Column("subject", String(256), nullable=False, comment="who asked"),
    Column("request_id", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("weakest_verdict", String(16)),
    Column("share", Float, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("answer_by", BigInteger, nullable=False, comment="it expires then, unless it has ended"),
    Column("expires", BigInteger, nullable=False, comment="it is ended then; once it has ended, it is forgotten"),
    Column("keep", BigInteger, nullable=False, comment="microseconds that it is kept after its end"),
    Column("reviewer", String(256), nullable=False),
    Column("lease_until", BigInteger),
    Column("decided", BigInteger),
    Column("version", Integer, nullable=False),
    Column("faults", String(256), nullable=False, comment="words, separated by commas"),
    Column("wrong_sentences", String(2048), nullable=False, comment="indexes, separated by commas"),
    Column("format", SmallInteger, nullable=False, comment="of the sealed columns"),
    Column("sealed_verdict", LargeBinary, comment="the text and the note of the reviewer"),
    Index(None, "tenant", "state", "created", "ticket"),
    Index(None, "tenant", "created", "ticket"),
    Index(None, "state", "expires"),
    Index(None, "operation_id"),
    Index(None, "case_id"),
)

feedback: Final = Table(
    "feedback",
    metadata,
    Column("feedback_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("end_user", String(64), nullable=False, comment="hashed; empty without one"),
    Column("route", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("case_id", String(32), nullable=False, comment="empty where the answer was not kept"),
    Column("rating", String(8), nullable=False, comment="empty without one"),
    Column("faults", String(256), nullable=False, comment="words, separated by commas"),
    Column("said", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("format", SmallInteger, nullable=False, comment="of the sealed columns"),
    Column("sealed_texts", LargeBinary, comment="the correction and the comment; none without"),
    UniqueConstraint("tenant", "subject", "request_id"),
    Index(None, "tenant", "said", "feedback_id"),
    Index(None, "case_id"),
    Index(None, "expires"),
)

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

experiment_units: Final = Table(
    "experiment_units",
    metadata,
    Column("experiment", ForeignKey("experiments.name", ondelete="CASCADE"), primary_key=True),
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
    Column("experiment", ForeignKey("experiments.name", ondelete="CASCADE"), primary_key=True),
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

keys: Final = Table(
    "record_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("sealed_check", LargeBinary, nullable=False, comment="opens with the right key of this id alone"),
)
