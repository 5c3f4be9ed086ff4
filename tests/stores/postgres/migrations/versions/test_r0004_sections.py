from __future__ import annotations

from pathlib import Path

from gateway.core.receipt import Kept, verify
from gateway.stores.postgres.connection import steps_from
from tests.builders import a_receipt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_receipts_of_before_stand_beside_those_in_sections(tmp_path: Path) -> None:
    url = fresh_database()
    asked(url, steps_from("").partition("-- Running upgrade 0003")[0])
    asked(url, "CREATE TABLE receipts_2026_11 PARTITION OF receipts FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')")
    values = "'old', '2026-11-24', 'zero', 1, 'd', 'acme', 'research', 'key_1', 'small', 'alpha', 'alpha/small'"
    rest = "'declared:SE', 'open', 'served', 'USD', 5, 5, '{}', '[]', '{}'::bytea"
    asked(url, f"INSERT INTO receipts VALUES ({values}, {rest})")
    assert ship(written(tmp_path, a_receipt("A")), url) == 1
    rows = asked(url, "SELECT schema, data, digest, asked, decided, went, who FROM receipts ORDER BY schema")
    assert rows[0][0] == 0
    assert rows[0][3:] == (None, None, None, None)
    (_, head, digest, *sections) = rows[1]
    kept = Kept(head, digest, dict(zip(("asked", "decided", "went", "who"), sections, strict=True)))
    assert verify("one", [kept], digest) is None
