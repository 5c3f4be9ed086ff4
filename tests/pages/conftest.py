"""One gateway with its sandbox and one browser for every test of the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.pages.chromium import Chromium, chromium
from tests.processes import PATIENCE_S, Process, documents, running

HOSTILE = (
    "</td><script>alert(1)</script>'\"><img src=x onerror=alert(2)> {{ 7 * 7 }} {% raw %} "
    "\u202esdrawkcab\u202c \u2066apart " + "W" * 150
)
"""Would be code, a template, words turned round or a page without an edge, wherever a page forgot to take care."""
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
    with running(at / "state", *words, SAFECONDUCT_PROVIDER_HOSTILE_KEY="x") as process:
        origin = process.url.removesuffix("/v1")
        entered = httpx.post(process.pages, headers=FORM, timeout=PATIENCE_S)
        found = re.match(r"sc=([^;]+)", entered.headers["set-cookie"])
        assert found is not None
        process.admin("POST", "/keys", {"team": "everyone", "policy": "hostile", "label": HOSTILE})
        asked = httpx.post(
            f"{process.url}/chat/completions",
            json={"model": "magistral-small", "messages": [{"role": "user", "content": "Hello"}]},
            headers={"authorization": f"Bearer {process.key}"},
            timeout=PATIENCE_S,
        )
        yield Site(process, origin, found[1], asked.headers["x-safeconduct-receipt"])


def _hostile(at: Path) -> None:
    """Hostile words in every field of a document that takes words: they begin where a name would stand."""
    words = json.dumps(HOSTILE)
    (at / "config/models/hostile.toml").write_text(
        f'[[models]]\nid = "hostile"\nname = {words}\nlab = {words}\ndescription = {words}\nlicence = {words}\n'
        f"facts.languages = {words}\nfacts.parameters = {words}\n"
        f'aliases = [{words}]\nscores = [{{ benchmark = {words}, score = 5, metric = "percent", '
        f"source = {words}, note = {words} }}]\n"
    )
    fact = f"note = {words}, verified_by = {words}, verified_on = 2026-11-23"
    (at / "config/catalog/hostile.toml").write_text(
        f'id = "hostile"\nname = {words}\noperator = {words}\nparent = {words}\nplan = {words}\nread_on = 2026-11-23\n'
        f"sources = [{{ url = {words}, note = {words} }}]\n"
        '[connection]\ndialect = "openai_chat"\nauth = "bearer"\nbase_url = "https://hostile.invalid/v1"\n'
        f"callable = true\nsource = {words}\n"
        f'[posture]\nretention_days = {{ value = 0, {fact} }}\ntraining = {{ value = "no", {fact} }}\n'
        f"[notes]\nzero_retention = {words}\ndpa = {words}\ncertifications_claimed = {words}\nconfidence = {words}\n"
        f'[[exceptions]]\nid = "odd"\nnote = {words}\n[exceptions.posture]\nretention_days = 30\n'
        f'[[routes]]\nmodel = "hostile"\nupstream_model = "h"\nnote = {words}\n'
        '[routes.price]\ncurrency = "USD"\ninput = 1\noutput = 2\n'
        f"source = {words}\nread_on = 2026-11-23\nnote = {words}\n"
    )
    (at / "policies/hostile.toml").write_text(f'name = "hostile"\npurpose = {words}\n[bound]\ntraining = "no"\n')
    organisation = at / "config/organisation.toml"
    organisation.write_text(organisation.read_text().replace('"Our organisation"', words))
    teams = at / "config/teams.toml"
    teams.write_text(teams.read_text().replace('name = "Everyone"', f"name = {words}"))
