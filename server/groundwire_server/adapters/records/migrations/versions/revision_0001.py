"""The tables of queued answers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger",
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False, comment="when"),
        sa.Column("settled", sa.BigInteger(), nullable=True, comment="when; none while the operation goes on"),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column(
            "lost_attempts",
            sa.Integer(),
            nullable=False,
            comment="begun and never ended: each may have cost a call more",
        ),
        sa.Column("priority", sa.SmallInteger(), nullable=False, comment="as the operation had it"),
        sa.Column(
            "turn",
            sa.Float(),
            nullable=False,
            comment="as the operation had it: what a tenant has had is not forgotten",
        ),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_priority_turn"), "ledger", ["priority", "turn"], unique=False)
    op.create_index(op.f("ix_ledger_tenant_priority_turn"), "ledger", ["tenant", "priority", "turn"], unique=False)
    op.create_index(op.f("ix_ledger_tenant_settled"), "ledger", ["tenant", "settled"], unique=False)
    op.create_table(
        "operation_history",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_operation_history")),
    )
    op.create_index(op.f("ix_operation_history_at"), "operation_history", ["at"], unique=False)
    op.create_index(op.f("ix_operation_history_operation_id"), "operation_history", ["operation_id"], unique=False)
    op.create_table(
        "operations",
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("end_user", sa.String(length=64), nullable=False, comment="hashed; empty without one"),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False, comment="0 goes first"),
        sa.Column(
            "turn",
            sa.Float(),
            nullable=False,
            comment="fair order among tenants: the start of its share of the workers",
        ),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempts_most", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False, comment="it is not taken up before"),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("format", sa.SmallInteger(), nullable=False, comment="of the sealed columns"),
        sa.Column(
            "sealed_question",
            sa.LargeBinary(),
            nullable=True,
            comment="the question with its caller; none once it is done",
        ),
        sa.Column("sealed_result", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_webhook", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_operations")),
        sa.UniqueConstraint("tenant", "subject", "request_id", name=op.f("uq_operations_tenant_subject_request_id")),
    )
    op.create_index(op.f("ix_operations_expires"), "operations", ["expires"], unique=False)
    op.create_index(
        op.f("ix_operations_lease_until"),
        "operations",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_operations_state_priority_turn_operation_id"),
        "operations",
        ["state", "priority", "turn", "operation_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_operations_tenant_state_priority_turn"),
        "operations",
        ["tenant", "state", "priority", "turn"],
        unique=False,
    )
    op.create_index(
        op.f("ix_operations_tenant_subject_accepted"), "operations", ["tenant", "subject", "accepted"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="work, ended or webhook"),
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_due"), "outbox", ["due"], unique=False)
    op.create_index(op.f("ix_outbox_operation_id"), "outbox", ["operation_id"], unique=False)
    op.create_table(
        "record_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column(
            "sealed_check", sa.LargeBinary(), nullable=False, comment="opens with the right key of this id alone"
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_record_keys")),
    )
    op.create_table(
        "operation_documents",
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=256), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.operation_id"],
            name=op.f("fk_operation_documents_operation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", "document_id", name=op.f("pk_operation_documents")),
    )
    op.create_index(
        op.f("ix_operation_documents_tenant_document_id"),
        "operation_documents",
        ["tenant", "document_id"],
        unique=False,
    )
