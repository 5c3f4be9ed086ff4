"""End users, where a team tells them apart: receipts and their sums by day have one more group."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = "day, organisation, team, key, model, provider, route, region, policy, outcome, currency, end_user"


def upgrade() -> None:
    for statement in (
        "ALTER TABLE receipts ADD COLUMN end_user text NOT NULL DEFAULT ''",
        "ALTER TABLE usage_days ADD COLUMN end_user text NOT NULL DEFAULT ''",
        "ALTER TABLE usage_days DROP CONSTRAINT usage_days_pkey",
        f"ALTER TABLE usage_days ADD PRIMARY KEY ({_KEY})",
    ):
        op.execute(statement)
