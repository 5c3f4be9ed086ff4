"""What users read is true: links lead somewhere, examples load, names exist."""

from __future__ import annotations

import re
import shutil
from datetime import date
from itertools import chain
from pathlib import Path

import pytest

from gateway.__main__ import COMMANDS
from gateway.core import errors
from gateway.core.posture import DIMENSIONS
from gateway.declarations.load import load
from gateway.settings import Settings, variable
from gateway.telemetry.log import EVENT_NAMES
from gateway.telemetry.metrics import METRICS
from tests.test_deploy import served

DAY = date(2026, 11, 30)
ROOT = Path(__file__).parents[1]
PAGES = sorted(
    chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("deploy/*.md"), ROOT.glob("policies/*.md"))
)

OURS = [page for page in PAGES if "providers" not in page.parts]
"""Pages that name no path of a provider."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"SAFECONDUCT_(?!PROVIDER_)[A-Z_]*[A-Z]", page.read_text()))
    assert named - {variable(name) for name in Settings.model_fields} == set()


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    assert [name for name in map(variable, Settings.model_fields) if f"`{name}`" not in page] == []


def test_every_command_is_explained() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    assert [name for name in COMMANDS if f"| `{name}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?:^ {0,4}|`)safeconduct ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named - set(COMMANDS) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_metric_that_is_named_exists(page: Path) -> None:
    assert set(re.findall(r"safeconduct_[a-z_]+[a-z]", page.read_text())) - METRICS.keys() == set()


OUR_PATH = r"`(?:GET |POST )?(/(?:v1/[a-z]|v1beta/[a-z]|livez|readyz|setup|llms)[\w/.:{}-]*)"

OF_OTHERS = ("/v1/organization", "/v1/completions")
"""Paths of a provider's administration, and the one that the reference says is refused."""


@pytest.mark.parametrize("page", OURS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_is_named_is_served(page: Path) -> None:
    """`{id}` stands for any segment. The paths of the reference itself are compared both ways in `test_deploy.py`."""
    known = {path for _, path in served()}
    named = {re.sub(r"\{[^}]*\}", "{}", path).rstrip("/.") for path in re.findall(OUR_PATH, page.read_text())}
    ours = {path for path in named if not path.startswith(OF_OTHERS)}
    assert sorted(ours - known) == []


def test_every_metric_is_explained() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    assert [name for name in METRICS if f"`{name}`" not in page] == []


def test_every_event_is_explained() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    assert [name for name in EVENT_NAMES.values() if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_says_that_a_feature_will_come(page: Path) -> None:
    """Such a sentence contradicts the page of the feature once the feature is there."""
    assert re.findall(r"with a later version|in a later version", page.read_text()) == []


def test_every_dimension_is_in_the_policy_guide() -> None:
    page = (ROOT / "docs/policies.md").read_text()
    assert [name for name in DIMENSIONS if f"| `{name}` |" not in page] == []


def test_every_error_code_is_in_the_reference() -> None:
    page = (ROOT / "docs/http.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Ended)]
    codes = {kind.code for kind in kinds} - {errors.ClientLeft.code}
    codes |= {"books_unavailable", "keys_unavailable", "draining", "overloaded", "too_large", "unsupported_media"}
    assert {code for code in codes if f"`{code}`" not in page} == set()


@pytest.mark.parametrize(
    ("page", "directory", "file"),
    [
        ("docs/self-hosted.md", "config/catalog", "our-vllm.toml"),
        ("docs/policies.md", "policies", "our-patients.toml"),
        ("docs/configuration.md", "config/catalog", "evroc.toml"),
    ],
)
def test_the_examples_load_beside_the_shipped_documents(page: str, directory: str, file: str, tmp_path: Path) -> None:
    for name in ("config", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / directory / file).write_text(blocks(page, "toml")[0])
    loaded = load(tmp_path / "config", tmp_path / "policies", today=DAY)
    assert [str(fault) for fault in loaded.faults if file in fault.file] == []


def test_the_examples_of_limits_load_with_the_shipped_documents(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    limits = [block for block in blocks("docs/configuration.md", "toml") if "limits]]" in block]
    for block in limits:
        with (tmp_path / block.splitlines()[0].removeprefix("# ")).open("a") as document:
            document.write(block)
    loaded = load(tmp_path / "config", ROOT / "policies", today=DAY)
    assert loaded.faults == ()
    assert loaded.snapshot is not None
    team = loaded.snapshot.teams["everyone"]
    assert [len(found) for found in (loaded.snapshot.organisation.limits, team.limits, team.key_limits)] == [2, 1, 1]


def test_every_path_that_the_architecture_names_is_there() -> None:
    """A bare `room/file.py` is below `gateway/`; a place in angle brackets stands for any name."""
    page = (ROOT / "docs/architecture.md").read_text()
    named = set(re.findall(r"`((?:gateway|tests|config|docs|policies|[a-z]+)/[\w./<>-]+)(?::[^`]*)?`", page))
    assert len(named) > 40
    missing = [
        name
        for name in sorted(named)
        if not any([*ROOT.glob(pattern)] for pattern in (re.sub("<[a-z]+>", "*", name), f"gateway/{name}"))
    ]
    assert missing == []


def test_a_record_of_bedrock_mantle_is_read_as_the_page_shows_it(tmp_path: Path) -> None:
    [connection] = blocks("docs/providers/bedrock.md", "toml")
    shutil.copytree(ROOT / "config", tmp_path / "config")
    record = (ROOT / "config/catalog/aws-bedrock-eu-inregion.toml").read_text()
    head, posture = record.split("[connection]")[0], record.split("\n[posture]")[1].split("[[routes]]")[0]
    text = f"{head}{connection}\n[posture]{posture}".replace("aws-bedrock-eu-inregion", "mantle")
    (tmp_path / "config/catalog/mantle.toml").write_text(text)
    loaded = load(tmp_path / "config", ROOT / "policies", today=DAY)
    assert loaded.faults == ()
    assert loaded.snapshot is not None
    assert loaded.snapshot.providers["mantle"].connection.token is not None
