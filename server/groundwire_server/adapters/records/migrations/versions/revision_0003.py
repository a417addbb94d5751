"""The tables of prompts, experiments and recordings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "experiment_writers",
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column(
            "batch",
            sa.BigInteger(),
            nullable=False,
            comment="number of the last; one that comes again is not added again",
        ),
        sa.Column("cut", sa.BigInteger(), nullable=False, comment="until when its calls are counted"),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_experiment_writers")),
    )
    op.create_table(
        "experiments",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False, comment="its file, in YAML"),
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True, comment="when it ended or is to end; none without an end"),
        sa.Column(
            "ended_arms", sa.Text(), nullable=False, comment="JSON, as domain/experiments/experiment.py has ArmEnd"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_experiments")),
    )
    op.create_index(op.f("ix_experiments_route_start"), "experiments", ["route", "start"], unique=False)
    op.create_table(
        "prompt_changes",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False, comment="empty where a version was pushed"),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("previous", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=1024), nullable=False),
        sa.Column("rolled_back", sa.SmallInteger(), nullable=False, comment="1 where the label went back"),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_prompt_changes")),
    )
    op.create_index(op.f("ix_prompt_changes_name_revision"), "prompt_changes", ["name", "revision"], unique=False)
    op.create_table(
        "prompt_labels",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("previous", sa.String(length=32), nullable=False, comment="empty without one"),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=1024), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_prompt_labels")),
    )
    op.create_table(
        "prompt_versions",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=256), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_prompt_versions")),
    )
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("end_user", sa.String(length=64), nullable=False, comment="hashed; empty without one"),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("prompt", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("experiment_arm", sa.String(length=1024), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("redacted", sa.SmallInteger(), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False, comment="of the sealed column"),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_expires"), "recordings", ["expires"], unique=False)
    op.create_index(
        op.f("ix_recordings_tenant_created_recording_id"),
        "recordings",
        ["tenant", "created", "recording_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_recordings_tenant_subject_request_id"), "recordings", ["tenant", "subject", "request_id"], unique=False
    )
    op.create_table(
        "registry",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False, comment="1"),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="of the last change; a change locks this row first"
        ),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_registry")),
    )
    op.create_table(
        "experiment_latency",
        sa.Column("experiment", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment"], ["experiments.name"], name=op.f("fk_experiment_latency_experiment"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("experiment", "arm", "bucket", name=op.f("pk_experiment_latency")),
    )
    op.create_table(
        "experiment_units",
        sa.Column("experiment", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False, comment="a keyed digest"),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.Float(), server_default="0", nullable=False),
        sa.Column("abstained", sa.Float(), server_default="0", nullable=False),
        sa.Column("degraded", sa.Float(), server_default="0", nullable=False),
        sa.Column("failed_safe", sa.Float(), server_default="0", nullable=False),
        sa.Column("blocked", sa.Float(), server_default="0", nullable=False),
        sa.Column("queued", sa.Float(), server_default="0", nullable=False),
        sa.Column("in_review", sa.Float(), server_default="0", nullable=False),
        sa.Column("verified", sa.Float(), server_default="0", nullable=False),
        sa.Column("malformed", sa.Float(), server_default="0", nullable=False),
        sa.Column("repaired", sa.Float(), server_default="0", nullable=False),
        sa.Column("latency_ms", sa.Float(), server_default="0", nullable=False),
        sa.Column("cost_micros", sa.Float(), server_default="0", nullable=False),
        sa.Column("input_tokens", sa.Float(), server_default="0", nullable=False),
        sa.Column("cached_input_tokens", sa.Float(), server_default="0", nullable=False),
        sa.Column("output_tokens", sa.Float(), server_default="0", nullable=False),
        sa.Column("feedback", sa.Float(), server_default="0", nullable=False),
        sa.Column("negative", sa.Float(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment"], ["experiments.name"], name=op.f("fk_experiment_units_experiment"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("experiment", "unit", "arm", name=op.f("pk_experiment_units")),
    )
    op.create_table(
        "recording_documents",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=256), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.recording_id"],
            name=op.f("fk_recording_documents_recording_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recording_id", "document_id", name=op.f("pk_recording_documents")),
    )
    op.create_index(
        op.f("ix_recording_documents_tenant_document_id"),
        "recording_documents",
        ["tenant", "document_id"],
        unique=False,
    )
