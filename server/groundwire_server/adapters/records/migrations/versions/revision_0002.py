"""The tables of reviews, feedback, the audit trail and usage."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False, comment="empty where the service did it by itself"),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("details", sa.Text(), nullable=False, comment="JSON, without texts"),
        sa.Column("key_id", sa.String(length=16), nullable=False, comment="of the key that the digest is made with"),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sequence", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_tenant_target_sequence"), "audit", ["tenant", "target", "sequence"], unique=False)
    op.create_table(
        "audit_heads",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "sequence",
            sa.BigInteger(),
            nullable=False,
            comment="of the last entry; adding one locks this row first",
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("end_user", sa.String(length=64), nullable=False, comment="hashed; empty without one"),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column(
            "expires", sa.BigInteger(), nullable=False, comment="it is forgotten then, unless a review of it is open"
        ),
        sa.Column("format", sa.SmallInteger(), nullable=False, comment="of the sealed columns"),
        sa.Column(
            "sealed_question", sa.LargeBinary(), nullable=False, comment="the text of the question alone, for lists"
        ),
        sa.Column("sealed_case", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_expires"), "cases", ["expires"], unique=False)
    op.create_index(
        op.f("ix_cases_tenant_subject_request_id"), "cases", ["tenant", "subject", "request_id"], unique=False
    )
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("end_user", sa.String(length=64), nullable=False, comment="hashed; empty without one"),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False, comment="empty where the answer was not kept"),
        sa.Column("rating", sa.String(length=8), nullable=False, comment="empty without one"),
        sa.Column("faults", sa.String(length=256), nullable=False, comment="words, separated by commas"),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False, comment="of the sealed columns"),
        sa.Column(
            "sealed_texts", sa.LargeBinary(), nullable=True, comment="the correction and the comment; none without"
        ),
        sa.PrimaryKeyConstraint("feedback_id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("tenant", "subject", "request_id", name=op.f("uq_feedback_tenant_subject_request_id")),
    )
    op.create_index(op.f("ix_feedback_case_id"), "feedback", ["case_id"], unique=False)
    op.create_index(op.f("ix_feedback_expires"), "feedback", ["expires"], unique=False)
    op.create_index(
        op.f("ix_feedback_tenant_said_feedback_id"), "feedback", ["tenant", "said", "feedback_id"], unique=False
    )
    op.create_table(
        "reviews",
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "case_id", sa.String(length=32), nullable=False, comment="its row is gone once its texts were erased"
        ),
        sa.Column("operation_id", sa.String(length=32), nullable=False, comment="empty where nobody waits"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("guard", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False, comment="who asked"),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("weakest_verdict", sa.String(length=16), nullable=True),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False, comment="it expires then, unless it has ended"),
        sa.Column(
            "expires", sa.BigInteger(), nullable=False, comment="it is ended then; once it has ended, it is forgotten"
        ),
        sa.Column("keep", sa.BigInteger(), nullable=False, comment="microseconds that it is kept after its end"),
        sa.Column("reviewer", sa.String(length=256), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("faults", sa.String(length=256), nullable=False, comment="words, separated by commas"),
        sa.Column("wrong_sentences", sa.String(length=2048), nullable=False, comment="indexes, separated by commas"),
        sa.Column("format", sa.SmallInteger(), nullable=False, comment="of the sealed columns"),
        sa.Column("sealed_verdict", sa.LargeBinary(), nullable=True, comment="the text and the note of the reviewer"),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_case_id"), "reviews", ["case_id"], unique=False)
    op.create_index(op.f("ix_reviews_operation_id"), "reviews", ["operation_id"], unique=False)
    op.create_index(op.f("ix_reviews_state_expires"), "reviews", ["state", "expires"], unique=False)
    op.create_index(op.f("ix_reviews_tenant_created_ticket"), "reviews", ["tenant", "created", "ticket"], unique=False)
    op.create_index(
        op.f("ix_reviews_tenant_state_created_ticket"),
        "reviews",
        ["tenant", "state", "created", "ticket"],
        unique=False,
    )
    op.create_table(
        "usage",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False, comment="empty where no price is set"),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("estimated_calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "day", "subject", "route", "model", "purpose", "currency", name=op.f("pk_usage")
        ),
    )
    op.create_index(op.f("ix_usage_day"), "usage", ["day"], unique=False)
    op.create_table(
        "usage_books",
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column(
            "batch",
            sa.BigInteger(),
            nullable=False,
            comment="number of the last; one that comes again is not added again",
        ),
        sa.Column(
            "closed",
            sa.BigInteger(),
            nullable=True,
            comment="when; none while the process goes on, or where it crashed",
        ),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_usage_books")),
    )
    op.create_index(op.f("ix_usage_books_written"), "usage_books", ["written"], unique=False)
    op.create_table(
        "case_documents",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=256), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.case_id"], name=op.f("fk_case_documents_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "document_id", name=op.f("pk_case_documents")),
    )
    op.create_index(
        op.f("ix_case_documents_tenant_document_id"), "case_documents", ["tenant", "document_id"], unique=False
    )
    op.create_table(
        "usage_open_calls",
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["process"], ["usage_books.process"], name=op.f("fk_usage_open_calls_process"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("process", "tenant", name=op.f("pk_usage_open_calls")),
    )
    op.add_column(
        "outbox",
        sa.Column(
            "receiver", sa.String(length=64), server_default="", nullable=False, comment="of what is about a review"
        ),
    )
    # ### end Alembic commands ###
