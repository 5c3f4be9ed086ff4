"""The pages of a whole gateway: switched on and off, signed in from the line that a start prints, in every worker."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.compose.console import origin_here
from tests.processes import PATIENCE_S, running

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("host", "origin"),
    [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("10.0.0.1", "http://10.0.0.1:1")],
)
def test_an_address_of_every_interface_is_reached_on_loopback(host: str, origin: str) -> None:
    assert origin_here(host, 1) == origin


def test_a_start_prints_an_address_that_signs_in_with_the_first_key(tmp_path: Path) -> None:
    with running(tmp_path) as process, httpx.Client(timeout=PATIENCE_S) as browser:
        entered = browser.post(process.pages, headers=FORM)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/models")
        base = process.url.removesuffix("/v1")
        page = browser.get(f"{base}{entered.headers['location']}")
        assert page.status_code == 200
        assert "administrator · key “first run”" in page.text
        with httpx.Client(timeout=PATIENCE_S) as another:
            assert another.post(process.pages, headers=FORM).status_code == 401


def test_pages_can_be_switched_off(tmp_path: Path) -> None:
    with running(tmp_path, SAFECONDUCT_PAGES="off") as process, httpx.Client(timeout=PATIENCE_S) as browser:
        base = process.url.removesuffix("/v1")
        assert process.pages == ""
        assert browser.get(f"{base}/console/models").status_code == 404
        assert browser.get(base, headers={"accept": "text/html"}).status_code == 200
