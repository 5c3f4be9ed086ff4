"""One gateway with its sandbox and one browser for every test of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.pages.chromium import Chromium, chromium
from tests.processes import PATIENCE_S, Process, documents, running

HOSTILE = "</td><script>alert(1)</script>'><img src=x onerror=alert(2)>"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Site:
    """A running gateway. `cookie`: of an administrator who is signed in with the first key, too."""

    process: Process
    origin: str
    cookie: str
    receipt: str


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    at = tmp_path_factory.mktemp("pages")
    words = documents(at)
    _hostile(at)
    with running(at / "state", *words) as process:
        origin = process.url.removesuffix("/v1")
        entered = httpx.post(process.pages, headers=FORM, timeout=PATIENCE_S)
        found = re.match(r"sc=([^;]+)", entered.headers["set-cookie"])
        assert found is not None
        asked = httpx.post(
            f"{process.url}/chat/completions",
            json={"model": "magistral-small", "messages": [{"role": "user", "content": "Hello"}]},
            headers={"authorization": f"Bearer {process.key}"},
            timeout=PATIENCE_S,
        )
        yield Site(process, origin, found[1], asked.headers["x-safeconduct-receipt"])


def _hostile(at: Path) -> None:
    """A model and its lab with names that would be code wherever a page forgot to escape them."""
    quoted = HOSTILE.replace('"', "")
    (at / "config/models/hostile.toml").write_text(
        f'[[models]]\nid = "hostile"\nname = """{quoted}"""\nlab = """{quoted}"""\ndescription = """{quoted}"""\n'
        f'licence = """{quoted}"""\nfacts.languages = """{quoted}"""\n'
    )
    record = at / "config/catalog/evroc.toml"
    record.write_text(
        record.read_text()
        + f'\n[[routes]]\nmodel = "hostile"\nupstream_model = "h"\nnote = """{quoted}"""\n'
        + '[routes.price]\ncurrency = "USD"\ninput = 1\noutput = 2\nsource = "price list"\nread_on = 2026-11-23\n'
    )
