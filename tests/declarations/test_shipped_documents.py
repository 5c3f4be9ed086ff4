"""The documents that ship: they load without a word, and the policies admit what they are meant to."""

from __future__ import annotations

import re
import shutil
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from gateway import sandbox
from gateway.core.catalog import RouteId
from gateway.core.posture import UNKNOWN
from gateway.core.snapshot import Snapshot
from gateway.declarations.admission import Admission, admitted
from gateway.declarations.load import Loaded, load

ROOT = Path(__file__).parent.parent.parent
DAY = date(2026, 11, 30)


@cache
def shipped() -> Loaded:
    return load(ROOT / "config", ROOT / "policies", today=DAY)


@cache
def snapshot() -> Snapshot:
    found = shipped().snapshot
    assert found is not None, [str(fault) for fault in shipped().faults]
    return found


def test_faults_are_none_and_warnings_are_those_of_the_calendar_and_of_undisclosed_parties() -> None:
    assert [str(fault) for fault in shipped().faults] == []
    assert sorted((Path(w.file).stem, w.key) for w in shipped().warnings) == [
        ("eu-sovereign", "bound.third_party_access"),
        ("no-training", "max_evidence_age_days"),
        ("transfer-safeguards", "max_evidence_age_days"),
    ]


def test_nothing_of_the_catalogue_was_lost() -> None:
    scores = sum(len(model.scores) for model in snapshot().models.values())
    assert (len(snapshot().providers), len(snapshot().models), len(snapshot().routes), scores) == (72, 203, 1598, 3432)


def test_the_bundled_provider_adds_itself_and_changes_nothing() -> None:
    loaded = load(ROOT / "config", ROOT / "policies", extra=(sandbox.DOCUMENTS,), today=DAY)
    assert loaded.snapshot is not None, [str(fault) for fault in loaded.faults]
    assert set(loaded.snapshot.providers) - set(snapshot().providers) == set(sandbox.PERSONAS)
    assert set(loaded.snapshot.models) - set(snapshot().models) == {sandbox.MODEL, sandbox.EMBEDDER}


@pytest.mark.parametrize(
    ("policy", "routes", "models"),
    [
        ("unrestricted", 1507, 203),
        ("no-training", 643, 175),
        ("transfer-safeguards", 746, 191),
        ("eu", 131, 74),
        ("eu-zero-retention", 93, 62),
        ("eu-sovereign", 0, 0),
    ],
)
def test_each_policy_admits_what_it_admitted_when_it_was_written(policy: str, routes: int, models: int) -> None:
    """A change here is a change of what a prompt may reach: look at each route that comes or goes."""
    assert admitted(snapshot(), policy, DAY) == (routes, models)


def test_every_policy_is_pinned() -> None:
    assert sorted(snapshot().policies) == [
        "eu",
        "eu-sovereign",
        "eu-zero-retention",
        "no-training",
        "transfer-safeguards",
        "unrestricted",
    ]


def test_narrower_policies_admit_a_part_of_the_wider_ones() -> None:
    admission = Admission(snapshot(), DAY)
    ids = {name: {r.id for r in admission.routes(policy)} for name, policy in snapshot().policies.items()}
    assert ids["eu-zero-retention"] < ids["eu"] < ids["unrestricted"]
    assert ids["eu-sovereign"] < ids["eu"]
    assert ids["eu-zero-retention"] < ids["no-training"]


def test_every_policy_has_cases_of_both_kinds() -> None:
    for name in snapshot().policies:
        text = (ROOT / "policies" / f"{name}.toml").read_text()
        assert 'expect = "admitted"' in text or name == "eu-sovereign"  # no provider names its third parties
        assert 'expect = "refused"' in text or name == "unrestricted"


def test_no_policy_limits_what_no_record_states() -> None:
    assert {policy.bound.provider_cache for policy in snapshot().policies.values()} == {UNKNOWN}


def test_a_year_without_reading_empties_the_policies_and_stops_no_start() -> None:
    later = load(ROOT / "config", ROOT / "policies", today=date(2027, 11, 24))
    assert later.faults == ()
    assert sorted(Path(w.file).stem for w in later.warnings if "admits no route any more:" in w.what) == [
        "eu",
        "eu-zero-retention",
        "no-training",
        "transfer-safeguards",
    ]


def test_the_end_of_the_evidence_is_announced_a_month_before() -> None:
    later = load(ROOT / "config", ROOT / "policies", today=date(2027, 10, 25))
    assert {Path(w.file).stem for w in later.warnings} >= {"eu", "no-training"}


def test_the_first_route_is_as_its_provider_listed_it() -> None:
    route = snapshot().routes[RouteId("evroc/magistral-small")]
    assert (route.price.rates.input, route.price.rates.output) == (Decimal("0.54"), Decimal("2.16"))
    assert (route.abilities.context, route.abilities.max_output) == (128_000, 8_000)


def test_regions_are_what_the_law_says() -> None:
    regions = snapshot().regions
    assert len(regions["EU"]) == 27
    assert regions["EEA"] - regions["EU"] == {"IS", "LI", "NO"}
    assert "CH" not in regions["EEA"]
    assert "CH" in regions["EFTA"]
    assert "US" not in regions["ADEQUATE"]
    assert regions["ADEQUATE"].isdisjoint(regions["EEA"])


# --- names that clients send -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4.5"),
        ("claude-haiku-4-5", "claude-haiku-4.5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4.5"),
        ("claude-sonnet-4-6", "claude-sonnet-4.6"),
        ("claude-opus-4-5-20251101", "claude-opus-4.5"),
        ("claude-opus-4-8", "claude-opus-4.8"),
        ("claude-opus-5-5", "claude-opus-5.5"),
        ("claude-sonnet-5", "claude-sonnet-5"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4.5"),
        ("gpt-5", "gpt-5"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-5-nano", "gpt-5-nano"),
        ("gpt-5.4-nano-2026-03-17", "gpt-5.4-nano"),
        ("openai/gpt-oss-120b", "gpt-oss-120b"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        ("mistralai/Magistral-Small-2509", "magistral-small"),
    ],
)
def test_names_that_clients_send_are_known(name: str, model: str) -> None:
    found = snapshot().model(name)
    assert found is not None
    assert found.id == model


def test_the_shipped_aliases_redirect_nothing_and_every_example_in_them_is_sound(tmp_path: Path) -> None:
    assert snapshot().redirects == {}
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    aliases = config / "models" / "aliases.toml"
    aliases.write_text(aliases.read_text().replace('\n# "', '\n"'))
    loaded = load(config, ROOT / "policies", today=DAY)
    assert loaded.faults == ()
    assert loaded.snapshot is not None
    assert len(loaded.snapshot.redirects) > 10


# --- how providers are called ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "ending"),
    [("anthropic_messages", "/v1"), ("google_generate", "/v1beta")],
)
def test_addresses_end_where_their_dialect_goes_on(dialect: str, ending: str) -> None:
    """A record that states the paths of its operations goes on by them."""
    connections = (p.connection for p in snapshot().providers.values())
    addresses = {c.base_url for c in connections if c.dialect == dialect and not c.paths}
    assert addresses
    assert [address for address in addresses if not re.search(ending + "$", address)] == []


def test_records_that_speak_a_second_dialect_are_those_whose_documentation_says_so() -> None:
    """A client that speaks it is answered without translation; each line here was read in the provider's reference."""
    speaking = {p.id: p.connection.also for p in snapshot().providers.values() if p.connection.also}
    of = {
        "openai_responses": (
            "azure-openai-eu-datazone",
            "azure-openai-global",
            "azure-openai-regional-eu",
            "azure-openai-us-datazone",
            "openai-api-default",
            "openai-api-eu-residency",
            "xai",
            "xai-us",
        ),
        "openai_completions": (
            "deepinfra",
            "deepseek-api",
            "fireworks",
            "fireworks-us",
            "self-hosted-llamacpp",
            "self-hosted-ollama",
            "self-hosted-vllm",
            "together",
            "together-ca",
            "together-us",
        ),
    }
    assert speaking == {record: (dialect,) for dialect, records in of.items() for record in records}
    assert not snapshot().routes[RouteId("azure-openai-global/gpt-oss-120b")].speaks("openai_responses")
