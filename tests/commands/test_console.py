"""`safeconduct console`: a link for one administrator."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import call
from tests.commands.conftest import Running

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_link_signs_an_administrator_in_once(running: Running) -> None:
    called = call("console", "--state", str(running.state), json=True)
    link = called.json["link"]
    assert link.startswith(f"{running.base_url.removesuffix('/v1')}/console/enter/")
    entered = httpx.post(link, headers=FORM)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/models")
    assert httpx.post(link, headers=FORM).status_code == 401


def test_the_link_can_stand_on_another_address(running: Running) -> None:
    state = ("--state", str(running.state))
    called = call("console", *state, "--address", "https://llm.example.org/")
    assert "https://llm.example.org/console/enter/" in called.out
    for wrong in ("llm.example.org", "https://llm.example.org/x", "ftp://llm.example.org"):
        refused = call("console", *state, "--address", wrong)
        assert refused.code == MISUSED


def test_without_a_gateway_there_is_nothing_to_sign_in_to(tmp_path: Path) -> None:
    called = call("console", "--state", str(tmp_path))
    assert called.stop is not None
    assert "no gateway runs" in called.stop.what
