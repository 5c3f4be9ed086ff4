from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.views.key_cards import key_rows
from tests.builders import NOW, a_key


def test_a_key_is_one_row_whatever_its_secrets() -> None:
    old, fresh = a_key(digest="1", expires_at=NOW + timedelta(hours=1)), a_key(digest="2", label="laptop")
    ended, revoked = a_key(id="key_2", digest="3", expires_at=NOW), a_key(id="key_3", digest="4", revoked_at=NOW)
    budgets = [{"account": "key/key_1", "left": "1"}, {"account": "key/key_2", "left": "2"}]
    rows: Any = key_rows([old, fresh, ended, revoked], NOW, {"key_1": "2026-11-23"}, budgets)
    assert [(row["id"], row["state"], row["secrets"], row["last_used"]) for row in rows] == [
        ("key_3", "revoked", 0, None),
        ("key_2", "expired", 0, None),
        ("key_1", "active", 2, "2026-11-23"),
    ]
    assert rows[2]["label"] == "laptop"
    assert rows[2]["budget_rows"] == [budgets[0]]


def test_a_key_is_active_as_long_as_one_of_its_secrets_is() -> None:
    rows: Any = key_rows([a_key(digest="1"), a_key(digest="2", expires_at=NOW)], NOW, {}, [])
    assert (rows[0]["state"], rows[0]["secrets"]) == ("active", 1)
    assert "digest" not in rows[0]
