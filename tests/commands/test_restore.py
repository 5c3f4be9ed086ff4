"""`safeconduct restore`: what was copied serves again, and hard budgets wait for an operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.commands.terminal.stop import FAILED, MISUSED
from tests.commands.calling import a_state, call
from tests.processes import documents, edit, running
from tests.test_shared_budgets import asked

BUDGET = '\n[[budgets]]\nlimit = "1"\nwindow = "total"\n'


def test_a_restored_gateway_says_since_when_and_closes_hard_budgets_until_the_loss_is_accepted(tmp_path: Path) -> None:
    named, again = documents(tmp_path), tmp_path / "again"
    edit(tmp_path / "config/organisation.toml", lambda text: text + BUDGET)
    with running(tmp_path / "state", *named) as gateway:
        assert asked(gateway).status_code == 200
        assert call("backup", str(tmp_path / "copy"), "--state", str(gateway.state)).code == 0
        assert asked(gateway).status_code == 200
    answer = call("restore", str(tmp_path / "copy"), "--state", str(again), json=True).json
    assert answer["loss_accepted"] is False
    with running(again, *named) as gateway:
        assert gateway.event("books_restored")["known_until"] == answer["known_until"]
        refused = asked(gateway)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "books_unavailable")
        assert "safeconduct restore --accept-loss" in refused.json()["error"]["message"]
        assert [receipt["outcome"] for receipt in gateway.receipts()] == ["refused", "served"]
        gateway.end()
    accepted = call("restore", "--accept-loss", "--state", str(again), json=True).json
    assert accepted == {"known_until": answer["known_until"], "loss_accepted": True}
    with running(again, *named) as gateway:
        assert asked(gateway).status_code == 200


def test_a_loss_may_be_accepted_at_once(tmp_path: Path) -> None:
    call("backup", str(tmp_path / "copy"), "--state", a_state(tmp_path / "state"))
    words = ["restore", str(tmp_path / "copy"), "--accept-loss", "--state", str(tmp_path / "again")]
    assert call(*words, json=True).json["loss_accepted"] is True
    nothing = call("restore", "--accept-loss", "--state", str(tmp_path / "again"), json=True).json
    assert nothing == {"known_until": None, "loss_accepted": False}


@pytest.mark.parametrize(("words", "code"), [([], MISUSED), (["--accept-loss"], FAILED), (["nothing"], FAILED)])
def test_what_cannot_be_restored_is_said_and_makes_nothing(tmp_path: Path, words: list[str], code: int) -> None:
    assert main(["restore", *words, "--state", str(tmp_path / "again")]) == code
    assert not (tmp_path / "again").exists()
