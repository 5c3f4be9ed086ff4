"""The pages in a real browser: rules, small screens, no scripts, keyboard, print, hostile names, and a whole story."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pages.chromium import Chromium
from tests.pages.conftest import FORM, Site
from tests.processes import PATIENCE_S
from tests.sdk.node import NODE
from tests.sdk.scenarios import HOME

KEY = {"team": "everyone", "policy": "unrestricted", "label": "other"}
DIALECTS = ("openai", "anthropic", "google")
SNIPPETS = [*(f"{name}-{language}" for name in DIALECTS for language in ("python", "javascript")), "curl"]
SOVEREIGN = "/console/models?policy=eu-sovereign&q=magistral+small&view=routes"
DRAFT = "/console/policies?processed_in=EU&retention_days=30"
PAGES = [
    "/console/models",
    "/console/models?processed_in=EU&retention_days=0",
    "/console/models?view=routes&q=magistral",
    "/console/models/magistral-small",
    "/console/models/hostile",
    "/console/compare",
    "/console/compare?m=magistral-small&m=gpt-oss-120b",
    "/console/policies?processed_in=EU&retention_days=0",
    "/console/places",
    "/console/spend",
    "/console/receipts",
    "/console/receipts/{receipt}",
    "/console/keys",
    "/console/health",
    "/console/first-steps",
    "/console/sign-in",
    "/console/no-such-page",
]


def clean(found: dict[str, Any]) -> dict[str, Any]:
    """Nothing left the origin, and the browser complained of nothing: no violation of the policy, no dialog."""
    assert found["foreign"] == []
    ours = [words for words in found["console"] if "status of 404" not in words]
    assert ours == []
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_the_rules_in_light_and_dark_wide_and_narrow(browser: Chromium, site: Site, path: str) -> None:
    path = path.format(receipt=site.receipt)
    for scheme, width in (("light", 1280), ("dark", 360)):
        how: dict[str, Any] = {"cookie": site.cookie, "scheme": scheme, "width": width}
        found = clean(browser.visit(site.origin, path, **how))
        assert found["overflow"] <= 0, f"the page is wider than {width} px"
        assert found["status"] == (404 if path.endswith("no-such-page") else 200)
        assert browser.visit(site.origin, path, axe=True, **how)["violations"] == []


def test_filters_work_without_scripts(browser: Chromium, site: Site) -> None:
    steps = [["check", "input[name=processed_in][value=EU]"], ["click", "button.main"]]
    found = clean(
        browser.visit(site.origin, "/console/models", cookie=site.cookie, scripts=False, steps=steps, read="#results")
    )
    assert found["address"] == f"{site.origin}/console/models?processed_in=EU"
    assert "Processed in: the EU" in found["text"]


def test_filters_answer_at_once_with_scripts(browser: Chromium, site: Site) -> None:
    steps = [
        ["check", "input[name=processed_in][value=EU]"],
        ["says", "[data-said]", "routes"],
        ["check", "input[name=retention_days][value='0']"],
        ["says", "#results .chips", "Kept at most: Not kept"],
    ]
    found = clean(browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=steps, read="#results"))
    assert found["address"] == f"{site.origin}/console/models?processed_in=EU&retention_days=0"
    same = httpx.get(f"{found['address']}&format=json", cookies={"sc": site.cookie}, timeout=PATIENCE_S).json()
    assert f"{same['routes']} of " in found["text"]


def test_the_theme_can_be_chosen(browser: Chromium, site: Site) -> None:
    steps = [
        ["click", "[data-theme-button]"],
        ["wait", ":root[data-theme=dark]"],
        ["says", "[data-theme-button]", "Light"],
    ]
    clean(browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=steps))


def test_the_keyboard_reaches_everything_and_focus_is_seen(browser: Chromium, site: Site) -> None:
    found = clean(browser.visit(site.origin, "/console/models", cookie=site.cookie, tab=30))
    assert found["tabs"][0]["text"] == "Skip to content"
    words = [tab["text"] for tab in found["tabs"]]
    assert {"Models", "Compare", "First steps", "Sign out"} <= set(words)
    assert all(tab["outline"] >= 2 for tab in found["tabs"]), found["tabs"]
    steps = [["press", "Tab"], ["press", "Enter"]]
    skipped = browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=steps)
    assert skipped["address"].endswith("#content")


@pytest.mark.parametrize("path", ["/console/models/magistral-small", "/console/receipts/{receipt}"])
def test_a_printed_page_is_light_and_has_no_navigation(browser: Chromium, site: Site, path: str) -> None:
    path = path.format(receipt=site.receipt)
    found = clean(browser.visit(site.origin, path, cookie=site.cookie, scheme="dark", print=True))
    assert (found["paper"], found["navigation"]) == ("rgb(255, 255, 255)", "none")
    assert found["pdf"] > 10_000


def test_from_a_link_to_a_receipt_without_a_terminal(browser: Chromium, site: Site) -> None:
    """Signs in, finds Magistral Small, sees the refusals of eu-sovereign, drafts a policy, and finds the receipt."""
    link = site.process.admin("POST", "/console-links").json()["path"]
    steps = [
        ["click", "main button.main"],
        ["fill", "#q", "magistral small"],
        ["wait", "#results[data-summary^='1 model']"],
        ["click", "tbody th a"],
        ["wait", "#routes"],
    ]
    found = clean(browser.visit(site.origin, link, steps=steps[:1]))
    assert found["address"] == f"{site.origin}/console/models"
    found = clean(browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=steps[1:], read="main"))
    assert found["address"] == f"{site.origin}/console/models/magistral-small"
    for words in ("You may use it", "Sandbox Sweden", "Sandbox France", "Allowed, not connected"):
        assert words in found["text"]
    sovereign = clean(browser.visit(site.origin, SOVEREIGN, cookie=site.cookie, read="#results"))
    assert "Sandbox Sweden" in sovereign["text"]
    assert "Sandbox France" not in sovereign["text"]
    draft = clean(browser.visit(site.origin, DRAFT, cookie=site.cookie, read="main"))
    assert "processed_in" in draft["text"]
    receipt = clean(browser.visit(site.origin, f"/console/receipts/{site.receipt}", cookie=site.cookie, read="main"))
    assert "Served" in receipt["text"]


def snippets(site: Site) -> dict[str, str]:
    page = httpx.get(
        f"{site.origin}/console/models/magistral-small?format=json", cookies={"sc": site.cookie}, timeout=PATIENCE_S
    )
    return {each["name"]: each["text"] for each in page.json()["snippets"]}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_runs_as_the_page_shows_it(site: Site, tmp_path: Path, name: str) -> None:
    text = snippets(site)[name]
    if name.endswith("python"):
        command = [sys.executable, "-c", text]
    elif name.endswith("javascript"):
        script = HOME / f".snippet-{os.getpid()}-{name}.mjs"  # beside node_modules, where Node looks for them
        script.write_text(text)
        command = [str(NODE), str(script)]
    else:
        command = ["sh", "-c", text]
    environ = {**os.environ, "LLM_KEY": site.process.key}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=environ, check=False, cwd=tmp_path
        )
    finally:
        for script in HOME.glob(f".snippet-{os.getpid()}-*"):
            script.unlink()
    assert done.returncode == 0, done.stderr
    assert "Hello from sandbox-" in done.stdout


def test_two_people_side_by_side_see_nothing_of_each_other(site: Site) -> None:
    """Neither receipts nor keys, also by guessed addresses."""
    made = site.process.admin("POST", "/keys", KEY).json()
    with httpx.Client(base_url=site.origin, timeout=PATIENCE_S) as other:
        signed = other.post("/console/sign-in", data={"key": made["secret"]}, headers=FORM)
        assert signed.status_code == 303
        assert other.get("/console/models").status_code == 200
        guessed = other.get(f"/console/receipts/{site.receipt}")
        unknown = other.get("/console/receipts/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        assert (guessed.status_code, unknown.status_code) == (404, 404)
        assert site.receipt not in other.get("/console/receipts").text
        assert "first run" not in other.get("/console/keys").text
        assert other.get("/console/health").status_code in (200, 404)
