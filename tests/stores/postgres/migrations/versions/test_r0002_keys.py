from __future__ import annotations

from pathlib import Path

from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_a_secret_is_there_once_and_without_itself(tmp_path: Path) -> None:
    url = fresh_database()
    ship(written(tmp_path), url)
    select = "SELECT column_name FROM information_schema.columns WHERE table_name = 'keys'"
    assert {name for (name,) in asked(url, select)} == {
        *("organisation", "digest", "id", "team", "policy", "label", "created_at", "expires_at", "revoked_at"),
        *("classes", "budgets"),
    }
    assert asked(url, "SELECT conkey FROM pg_constraint WHERE conrelid = 'keys'::regclass AND contype = 'p'") == [
        ([1, 2],)
    ]
