"""The tables of the journal, and the steps that make them from any earlier version."""

from __future__ import annotations

import sqlite3
from typing import Final

# One entry per version, never edited once released: `user_version` says how many have been applied.
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, team TEXT NOT NULL, policy TEXT NOT NULL,
            label TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT,
            classes TEXT NOT NULL, budgets TEXT NOT NULL
        ) STRICT""",
        # Open holds of versions up to 4.
        """CREATE TABLE intents (
            row INTEGER PRIMARY KEY, hold TEXT NOT NULL, receipt TEXT NOT NULL, amount INTEGER NOT NULL,
            at INTEGER NOT NULL, accounts TEXT NOT NULL, draft BLOB NOT NULL
        ) STRICT""",
        # `charges`: [[at, accounts, amount, zone unless UTC], ...], what the counters are folded from.
        # `data`: the canonical receipt.
        """CREATE TABLE receipts (
            row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, chain TEXT NOT NULL, sequence INTEGER NOT NULL,
            digest TEXT NOT NULL, day TEXT NOT NULL, organisation TEXT NOT NULL, team TEXT NOT NULL,
            key TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, route TEXT NOT NULL,
            policy TEXT NOT NULL, outcome TEXT NOT NULL, cost INTEGER NOT NULL, usage TEXT NOT NULL,
            charges TEXT NOT NULL, data BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX receipts_day ON receipts (day)",
        "CREATE INDEX receipts_key ON receipts (key)",
        # `head`: the last digest as of the last checkpoint, empty before the first; the receipts say the rest.
        "CREATE TABLE chains (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, head TEXT NOT NULL) STRICT",
        # A checkpoint of the fold over `receipts` up to the row in `folded`.
        """CREATE TABLE counters (
            account TEXT NOT NULL, window TEXT NOT NULL, spent INTEGER NOT NULL, PRIMARY KEY (account, window)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE folded (row INTEGER NOT NULL) STRICT",
        "INSERT INTO folded VALUES (0)",
        """CREATE TABLE claims (
            digest BLOB PRIMARY KEY, receipt TEXT NOT NULL, at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX claims_at ON claims (at)",
        "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
        "INSERT INTO secrets VALUES ('claims', randomblob(32))",
    ),
    (
        # Where counters are shared: this journal's name among the others, and what it last knew of them.
        "CREATE TABLE shared (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "INSERT INTO shared VALUES ('member', lower(hex(randomblob(8))))",
    ),
    (
        # Days begin in a time zone, and there are weeks: the counters are folded once more, from the first receipt.
        "ALTER TABLE intents ADD COLUMN zone TEXT NOT NULL DEFAULT 'UTC'",
        "DELETE FROM counters",
        "UPDATE folded SET row = 0",
    ),
    (
        # A key may have several secrets, of which one replaces the other.
        """CREATE TABLE secrets_of_keys (
            digest TEXT PRIMARY KEY, id TEXT NOT NULL, team TEXT NOT NULL, policy TEXT NOT NULL,
            label TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT,
            classes TEXT NOT NULL, budgets TEXT NOT NULL
        ) STRICT""",
        """INSERT INTO secrets_of_keys
            SELECT digest, id, team, policy, label, created_at, expires_at, revoked_at, classes, budgets FROM keys""",
        "DROP TABLE keys",
        "ALTER TABLE secrets_of_keys RENAME TO keys",
    ),
    (),  # open holds stand in `journal.intents` from here on, where earlier versions would not look for them
    (
        # Receipts of schema 1: `data` is the head; a section stands with its salt in front, NULL once it is erased.
        # What is NULL in `region`, `currency` and `end_user` is of schema 0 and stands in `data` alone.
        "ALTER TABLE receipts ADD COLUMN schema INTEGER NOT NULL DEFAULT 0",
        *(f"ALTER TABLE receipts ADD COLUMN {name} BLOB" for name in ("asked", "decided", "went", "who")),
        *(f"ALTER TABLE receipts ADD COLUMN {name} TEXT" for name in ("region", "currency", "end_user")),
    ),
    (
        # `sent`: attempts whose prompt left. `places`: each destination with its share, where there are several.
        "ALTER TABLE receipts ADD COLUMN sent INTEGER",
        "ALTER TABLE receipts ADD COLUMN places TEXT",
    ),
    (
        # `countries`: of the record where the exchange counts. `unreported`: cost that no provider reported.
        "ALTER TABLE receipts ADD COLUMN countries TEXT",
        "ALTER TABLE receipts ADD COLUMN code TEXT",
        "ALTER TABLE receipts ADD COLUMN unreported INTEGER",
        # Lists of receipts go by id. The wide index answers every filter without a look at the records.
        "DROP INDEX receipts_key",
        "CREATE INDEX receipts_key ON receipts (key, id)",
        """CREATE INDEX receipts_listed ON receipts
            (id, day, key, team, model, policy, outcome, code, provider, route, countries, places)""",
    ),
    (
        # Sums by day over the receipts up to the row in `summed`; see `usage_days`.
        """CREATE TABLE usage_days (
            day TEXT NOT NULL, team TEXT NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
            route TEXT NOT NULL, region TEXT NOT NULL, policy TEXT NOT NULL, organisation TEXT NOT NULL,
            currency TEXT NOT NULL, end_user TEXT NOT NULL, countries TEXT NOT NULL, outcome TEXT NOT NULL,
            exchanges INTEGER NOT NULL, sent INTEGER NOT NULL, cost INTEGER NOT NULL, unreported INTEGER NOT NULL,
            input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL,
            cache_write_30m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, cache_write_12h INTEGER NOT NULL,
            output INTEGER NOT NULL, reasoning INTEGER NOT NULL, audio_in INTEGER NOT NULL,
            audio_out INTEGER NOT NULL, image_in INTEGER NOT NULL, image_out INTEGER NOT NULL,
            server_tool_calls INTEGER NOT NULL,
            PRIMARY KEY (day, team, key, model, provider, route, region, policy, organisation, currency, end_user,
                countries, outcome)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE summed (row INTEGER NOT NULL) STRICT",
        "INSERT INTO summed VALUES (0)",
    ),
    (
        # The body of a section `decided` that several receipts share: their rows hold the salt alone, and its number.
        "CREATE TABLE decisions (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
        "ALTER TABLE receipts ADD COLUMN decision INTEGER",
    ),
    (
        # Few receipts hold money or correct another: settlements find them without a look at all others.
        "CREATE INDEX receipts_unreported ON receipts (day) WHERE unreported > 0",
        "CREATE INDEX receipts_corrected ON receipts (day) WHERE outcome = 'corrected'",
    ),
    tuple(
        f"ALTER TABLE usage_days ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"
        for name in ("cache_read_audio", "file_searches", "code_sessions")
    ),
)


class NewerSchema(Exception):
    """The file was written by a later version of Safeconduct."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each step in a transaction of its own. Raises NewerSchema."""
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    if current > len(MIGRATIONS):
        raise NewerSchema(f"version {current} is newer than {len(MIGRATIONS)}")
    for version, statements in enumerate(MIGRATIONS[current:], start=current + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
