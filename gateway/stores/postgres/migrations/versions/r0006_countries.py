"""Countries that the provider's record declares, error codes, and the cost that no provider reported."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_KEY = "day, organisation, team, key, model, provider, route, region, policy, outcome, currency, end_user, countries"
_DECLARED = "UPDATE {} SET countries = substr(region, 10) WHERE region LIKE 'declared:%'"


def upgrade() -> None:
    for table in ("receipts", "usage_days"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN countries text NOT NULL DEFAULT ''")
        op.execute(_DECLARED.format(table))
    op.execute("ALTER TABLE receipts ADD COLUMN code text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE receipts ADD COLUMN unreported bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE usage_days ADD COLUMN unreported numeric NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE usage_days DROP CONSTRAINT usage_days_pkey")
    op.execute(f"ALTER TABLE usage_days ADD PRIMARY KEY ({_KEY})")
