"""Receipts by month, their sums by day, and how far each journal has been shipped."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

# Whole numbers beyond 64 bits: sums over years, and counts as providers report them.
_SUMS = (
    "exchanges",
    "cost",
    "charged",
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_30m",
    "cache_write_1h",
    "cache_write_12h",
    "output",
    "reasoning",
    "audio_in",
    "audio_out",
    "image_in",
    "image_out",
    "server_tool_calls",
)

# `data`: the canonical receipt, byte for byte. `charges`: [[at, accounts, amount], …], as the journal has them.
_RECEIPTS = """
CREATE TABLE receipts (
    id text NOT NULL, day date NOT NULL, chain text NOT NULL, sequence bigint NOT NULL, digest text NOT NULL,
    organisation text NOT NULL, team text NOT NULL, key text NOT NULL, model text NOT NULL, provider text NOT NULL,
    route text NOT NULL, region text NOT NULL, policy text NOT NULL, outcome text NOT NULL, currency text NOT NULL,
    cost bigint NOT NULL, charged bigint NOT NULL, usage json NOT NULL, charges json NOT NULL, data bytea NOT NULL,
    shipped_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day)
"""

_USAGE = f"""
CREATE TABLE usage_days (
    day date NOT NULL, organisation text NOT NULL, team text NOT NULL, key text NOT NULL, model text NOT NULL,
    provider text NOT NULL, route text NOT NULL, region text NOT NULL, policy text NOT NULL, outcome text NOT NULL,
    currency text NOT NULL, {", ".join(f"{name} numeric NOT NULL" for name in _SUMS)},
    PRIMARY KEY (day, organisation, team, key, model, provider, route, region, policy, outcome, currency)
)
"""

# A journal is known by the first chain that shipped from it. `row` and `digest`: the last receipt that was taken.
_JOURNALS = """
CREATE TABLE journals (
    name text PRIMARY KEY, row bigint NOT NULL, digest text NOT NULL, shipped_at timestamptz NOT NULL DEFAULT now()
)
"""

# One row: receipts of days before `kept_from` are gone, and none of them is taken any more.
_RETENTION = "CREATE TABLE retention (kept_from date NOT NULL)"


def upgrade() -> None:
    for statement in (
        _RECEIPTS,
        "CREATE INDEX receipts_key ON receipts (key, id)",
        "CREATE INDEX receipts_chain ON receipts (chain, sequence)",
        _USAGE,
        "CREATE INDEX usage_days_key ON usage_days (key, day)",
        _JOURNALS,
        _RETENTION,
        "INSERT INTO retention VALUES ('0001-01-01')",
    ):
        op.execute(statement)
