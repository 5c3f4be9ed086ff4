"""`catalogue diff`."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.calling import KEYS, a_state, call, documents


def test_a_record_that_became_worse_leaves_the_policies_that_bound_it(tmp_path: Path) -> None:
    options = [*documents(tmp_path), "--state", a_state(tmp_path / "state")]
    shutil.copytree(tmp_path / "config", tmp_path / "next")
    record = tmp_path / "next/catalog/alpha.toml"
    record.write_text(record.read_text().replace("retention_days = 0", "retention_days = 30"))
    called = call(
        "catalogue", "diff", str(tmp_path / "config"), str(tmp_path / "next"), *options, environ=KEYS, json=True
    )
    lost = {policy["before"]: [route["route"] for route in policy["lost"]] for policy in called.json["policies"]}
    assert lost == {"open": [], "strict": ["alpha/small"]}
    assert called.json["policies"][1]["models_lost"] == ["small"]
    assert called.json["policies"][1]["deciding"]["lost"] == {"posture:retention_days": 1}


def test_people_read_the_lost_model(tmp_path: Path) -> None:
    options = [*documents(tmp_path), "--state", a_state(tmp_path / "state")]
    (tmp_path / "next").mkdir()
    record = tmp_path / "next/alpha.toml"
    record.write_text((tmp_path / "config/catalog/alpha.toml").read_text().replace('["SE"]', '["US"]'))
    out = call("catalogue", "diff", str(tmp_path / "config"), str(record), *options, environ=KEYS).out
    assert "strict loses every route of small" in out
    assert "only before" in out
