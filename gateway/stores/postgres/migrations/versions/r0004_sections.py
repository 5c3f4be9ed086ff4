"""Receipts of schema 1: `data` is the head, and each section stands with its salt in front; NULL once it is erased."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN schema bigint NOT NULL DEFAULT 0")
    for name in ("asked", "decided", "went", "who"):
        op.execute(f"ALTER TABLE receipts ADD COLUMN {name} bytea")
