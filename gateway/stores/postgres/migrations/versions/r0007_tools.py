"""Sums of sounds read from a cache, and of the calls of hosted tools by kind."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for name in ("cache_read_audio", "file_searches", "code_sessions"):
        op.execute(f"ALTER TABLE usage_days ADD COLUMN {name} numeric NOT NULL DEFAULT 0")
