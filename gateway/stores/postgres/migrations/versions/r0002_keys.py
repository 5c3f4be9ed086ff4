"""Keys of all gateways of an organisation, once for each secret, and a mark that every change of them replaces."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_KEYS = """
CREATE TABLE keys (
    organisation text NOT NULL, digest text NOT NULL, id text NOT NULL, team text NOT NULL, policy text NOT NULL,
    label text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz, revoked_at timestamptz,
    classes json NOT NULL, budgets json NOT NULL, PRIMARY KEY (organisation, digest)
)
"""

_CHANGES = "CREATE TABLE key_changes (organisation text PRIMARY KEY, mark text NOT NULL)"


def upgrade() -> None:
    for statement in (_KEYS, _CHANGES):
        op.execute(statement)
