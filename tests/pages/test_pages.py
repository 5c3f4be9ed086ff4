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


def test_the_first_tab_skips_to_the_content(browser: Chromium, site: Site) -> None:
    steps = [["press", "Tab"], ["press", "Enter"]]
    skipped = browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=steps)
    assert skipped["address"].endswith("#content")


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/console/models"])
def test_the_keyboard_reaches_every_element_of_a_page_and_focus_is_seen(
    browser: Chromium, site: Site, path: str
) -> None:
    found = clean(browser.visit(site.origin, path.format(receipt=site.receipt), cookie=site.cookie, tab=500))
    assert found["tabs"][0]["text"] == "Skip to content"
    assert len(found["tabs"]) == found["reachable"] > 5
    assert [tab for tab in found["tabs"] if tab["outline"] < 2] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_printed_page_is_light_fits_the_paper_and_has_no_navigation(browser: Chromium, site: Site, path: str) -> None:
    path = path.format(receipt=site.receipt)
    found = clean(browser.visit(site.origin, path, cookie=site.cookie, scheme="dark", print=True))
    assert (found["paper"], found["navigation"]) == ("rgb(255, 255, 255)", "none")
    assert found["beyond"] <= 0
    assert found["pdf"] > 10_000


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/console/no-such-page"])
def test_a_page_says_the_same_without_scripts(browser: Chromium, site: Site, path: str) -> None:
    path, how = path.format(receipt=site.receipt), {"cookie": site.cookie, "read": "main"}
    without = clean(browser.visit(site.origin, path, scripts=False, **how))
    scripted = clean(browser.visit(site.origin, path, **how))
    assert len(without["text"].splitlines()) > 3
    lines = {line.removesuffix("Copy").strip() for line in scripted["text"].splitlines()}
    steady = {line.strip() for line in without["text"].splitlines() if not line.endswith("MB free")}
    assert steady - lines == set()


@pytest.mark.parametrize(
    ("path", "steps", "address"),
    [
        ("spend", [["select", "#f-by", "model"], ["click", "form.filters button.main"]], "/console/spend?"),
        ("places", [["select", "#f-by", "tokens"], ["click", "form.filters button.main"]], "/console/places?"),
        ("receipts", [["select", "#f-outcome", "served"], ["click", "form.filters button.main"]], "/console/receipts?"),
        ("policies", [["select", "#d-training", "no"], ["click", "form.filters button.main"]], "/console/policies?"),
        (
            "models",
            [["click", "a[href='#filters']"], ["fill", "#q", "magistral"], ["click", "#filters button.main"]],
            "/console/models?",
        ),
    ],
)
def test_every_form_can_be_used_on_a_small_screen_without_scripts(
    browser: Chromium, site: Site, path: str, steps: list[list[str]], address: str
) -> None:
    how: dict[str, Any] = {"cookie": site.cookie, "width": 360, "scripts": False, "steps": steps}
    found = clean(browser.visit(site.origin, f"/console/{path}", **how))
    assert found["address"].startswith(site.origin + address)


def test_the_sliders_of_a_comparison_write_into_its_fields(browser: Chromium, site: Site) -> None:
    steps = [
        ["focus", "#output + input[type=range]"],
        ["press", "ArrowRight", 5],
        ["says", "[data-said]", "The costs are worked out"],
    ]
    path = "/console/compare?m=magistral-small&m=gpt-oss-120b"
    found = clean(browser.visit(site.origin, path, cookie=site.cookie, steps=steps))
    assert "output=1000" in found["address"]


def test_from_a_link_to_a_receipt_without_a_terminal(browser: Chromium, site: Site, tmp_path: Path) -> None:
    """By clicks alone: signs in, finds Magistral Small, sees the refusals of eu-sovereign, drafts a policy that admits
    one more route, copies a snippet, and finds the receipt of the answer."""
    link = site.process.admin("POST", "/console-links").json()["path"]
    steps = [
        ["click", "main button.main"],
        ["fill", "#q", "magistral small"],
        ["wait", "#results[data-summary^='1 model']"],
        ["click", "tbody th a"],
        ["says", "#routes-table", "Sandbox Sweden"],
        ["click", "nav a:text('Policies')"],
        ["click", "article:has(h2:text-is('eu-sovereign')) a:text('Start a draft')"],
        ["select", "#w-model", "magistral-small"],
        ["click", "form[action$='#why'] button.main"],
        ["says", "#verdicts tr:has-text('sandbox-se/magistral-small')", "May serve"],
        ["says", "#verdicts tr:has-text('sandbox-fr/magistral-small')", "Refused by policy"],
        ["says", "#verdicts tr:has-text('sandbox-fr/magistral-small')", "lets subprocessors see content"],
        ["select", "#d-third_party_access", "undisclosed,subprocessors"],
        ["click", "form[action$='#draft'] button.main"],
        ["says", "#verdicts tr:has-text('sandbox-fr/magistral-small')", "May serve"],
        ["says", "#draft-toml", 'third_party_access = ["subprocessors", "undisclosed"]'],
        ["click", "nav a:text('First steps')"],
        ["click", "summary:text-is('OpenAI, Python')"],
    ]
    found = clean(browser.visit(site.origin, link, steps=steps, read="#snippet-openai-python"))
    environ = {**os.environ, "LLM_KEY": site.process.key}
    done = subprocess.run(
        [sys.executable, "-c", found["text"]],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ,
        check=False,
        cwd=tmp_path,
    )
    assert "Hello from sandbox-" in done.stdout, done.stderr
    later = [
        *(["click", f"nav a:text('{page}')"] for page in ("Compare", "Where words went", "Spend", "Keys", "Health")),
        ["says", ".lede", "serving"],
        ["click", "nav a:text('Receipts')"],
        ["click", "tbody tr:first-child a"],
        ["says", "main .lede", "Served by sandbox-"],
    ]
    receipt = clean(browser.visit(site.origin, "/console/models", cookie=site.cookie, steps=later, read="main"))
    assert "sandbox-small in OpenAI Chat" in receipt["text"]


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
