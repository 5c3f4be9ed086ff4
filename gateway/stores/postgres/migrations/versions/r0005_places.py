"""Places that content went to: how many attempts left, and each destination's share where there are several."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN sent bigint")
    op.execute("ALTER TABLE receipts ADD COLUMN places json")
    op.execute("ALTER TABLE usage_days ADD COLUMN sent numeric NOT NULL DEFAULT 0")
