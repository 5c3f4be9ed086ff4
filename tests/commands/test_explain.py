"""`safeconduct explain`: a table that a data protection officer can read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import KEYS, Called, a_state, call, documents
from tests.commands.conftest import Running


def explain(at: Path, *words: str, json: bool = True, environ: dict[str, str] | None = None) -> Called:
    options = documents(at) if not (at / "config").exists() else []
    options = options or ["--config", str(at / "config"), "--policies", str(at / "policies")]
    state = ["--state", a_state(at / "state")]
    return call(
        "explain", "--model", "small", *options, *state, *words, environ=KEYS if environ is None else environ, json=json
    )


def routes(listed: list[dict[str, Any]]) -> list[str]:
    return [entry["route"] for entry in listed]


def test_under_an_open_policy_both_may_serve_the_cheaper_first(tmp_path: Path) -> None:
    answer = explain(tmp_path).json
    assert routes(answer["eligible"]) == ["beta/small", "alpha/small"]
    assert answer["rejected"] == []
    assert answer["layers"] == [{"layer": "organisation", "policy": "open"}]


def test_a_policy_refuses_with_every_reason(tmp_path: Path) -> None:
    answer = explain(tmp_path, "--policy", "strict").json
    assert routes(answer["eligible"]) == ["alpha/small"]
    (rejected,) = answer["rejected"]
    assert (rejected["route"], rejected["admitted_by_policy"]) == ("beta/small", False)
    reasons = rejected["reasons"]
    assert [(r["kind"], r["dimension"]) for r in reasons] == [
        ("posture", "processed_in"),
        ("posture", "retention_days"),
    ]
    assert (reasons[1]["offered"], reasons[1]["demanded"], reasons[1]["layer"]) == (30, 0, "key")
    assert reasons[1]["words"] == "keeps content 30 days; policy strict (key) demands 0"


def test_a_route_without_credential_is_admitted_and_not_usable(tmp_path: Path) -> None:
    answer = explain(tmp_path, "--policy", "strict", environ={}).json
    assert answer["eligible"] == []
    admitted = {entry["route"]: entry["admitted_by_policy"] for entry in answer["rejected"]}
    assert admitted == {"alpha/small": True, "beta/small": False}


def test_people_read_verdicts_and_sentences(tmp_path: Path) -> None:
    out = explain(tmp_path, "--policy", "strict", json=False, environ={}).out
    assert "small on 2026-11-24, under open (organisation), strict (key)" in out
    assert "has no credential: set SAFECONDUCT_PROVIDER_ALPHA_KEY" in out
    assert "processes content in US; policy strict (key) allows only EU" in out
    assert "0 may serve, 1 admitted but not usable here, 1 refused" in out
    # What the policy says comes before what an operator can supply.
    assert out.index("keeps content 30 days") < out.index("PROVIDER_BETA_KEY")


def test_a_name_that_the_operator_redirects_is_explained_as_what_answers_it(tmp_path: Path) -> None:
    documents(tmp_path)
    (tmp_path / "config/models/aliases.toml").write_text('[aliases]\n"claude-haiku-*" = "small"\n')
    context = ("--model", "claude-haiku-4-5")
    answer = explain(tmp_path, *context).json
    assert (answer["model"], answer["alias"]) == ("small", "claude-haiku-*")
    assert "small (by the alias claude-haiku-*) on" in explain(tmp_path, *context, json=False).out
    assert explain(tmp_path).json["alias"] is None


@pytest.mark.parametrize(
    ("lines", "stated", "words"),
    [
        ("", ("pseudonym", "estimate"), "providers see users under pseudonyms; tokens are estimated here"),
        (
            'identifiers = "drop"\ntoken_counts = "exact"\n',
            ("drop", "exact"),
            "providers see no identifiers of users; prompts may be sent to a provider to be counted",
        ),
    ],
)
def test_what_is_sent_besides_the_content_is_said(
    lines: str, stated: tuple[str, str], words: str, tmp_path: Path
) -> None:
    documents(tmp_path)
    path = tmp_path / "policies/open.toml"
    path.write_text(path.read_text() + lines)
    answer = explain(tmp_path).json
    assert (answer["identifiers"], answer["token_counts"]) == stated
    assert words in explain(tmp_path, json=False).out


def test_a_line_changed_in_a_policy_takes_a_route_away_and_says_why(tmp_path: Path) -> None:
    assert routes(explain(tmp_path, "--policy", "open").json["eligible"]) == ["beta/small", "alpha/small"]
    path = tmp_path / "policies/open.toml"
    path.write_text(path.read_text() + "[bound]\nretention_days = 7\n")
    after = explain(tmp_path, "--policy", "open").json
    assert routes(after["eligible"]) == ["alpha/small"]
    ((words,),) = [[reason["words"] for reason in rejected["reasons"]] for rejected in after["rejected"]]
    assert words == "keeps content 30 days; policy open (organisation) demands at most 7"


def test_a_policy_that_admits_nothing_is_explained_too(tmp_path: Path) -> None:
    before = explain(tmp_path, "--policy", "strict").json
    path = tmp_path / "policies/strict.toml"
    path.write_text(
        path.read_text() + 'training = "no"\njurisdiction = ["FR"]\n' + '[routes]\nonly_models = ["small"]\n'
    )
    assert routes(before["eligible"]) == ["alpha/small"]
    after = explain(tmp_path, "--policy", "strict").json
    assert routes(after["eligible"]) == []
    alpha = next(entry for entry in after["rejected"] if entry["route"] == "alpha/small")
    assert ("jurisdiction", "strict") in {(reason["dimension"], reason["policy"]) for reason in alpha["reasons"]}


def test_a_data_class_brings_its_policy(tmp_path: Path) -> None:
    answer = explain(tmp_path, "--data-class", "personal").json
    assert answer["layers"][-1] == {"layer": "data_class", "policy": "strict"}
    assert routes(answer["eligible"]) == ["alpha/small"]


def test_a_team_brings_its_policy(tmp_path: Path) -> None:
    layers = explain(tmp_path, "--team", "research", "--policy", "strict").json["layers"]
    assert [layer["layer"] for layer in layers] == ["organisation", "team", "key"]


def test_needs_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "config/models/lab.toml"
    explain(tmp_path)
    path.write_text(path.read_text() + "tools = false\n")
    answer = explain(tmp_path, "--need", "tools").json
    assert [r["reasons"][0]["kind"] for r in answer["rejected"]] == ["capability", "capability"]


@pytest.mark.parametrize(
    ("words", "do"),
    [
        (["--model", "smal"], "did you mean small?"),
        (["--model", "sandbox-small"], "add --sandbox"),
        (["--policy", "strickt"], "did you mean strict?"),
        (["--team", "nobody"], "config/teams.toml"),
        (["--data-class", "secret"], "declares personal"),
        (["--key", "key_1"], "`safeconduct keys list`"),
    ],
)
def test_a_name_that_nothing_declares_is_said_with_what_to_do(tmp_path: Path, words: list[str], do: str) -> None:
    called = explain(tmp_path, *words)
    assert called.code == MISUSED
    assert called.stop is not None
    assert do in called.stop.do


def test_beside_a_running_sandbox_its_routes_are_seen_and_can_be_called(running: Running) -> None:
    called = call("explain", "--model", "sandbox-small", "--policy", "strict", *running.options, json=True)
    assert routes(called.json["eligible"]) == [
        "sandbox-se/sandbox-small",
        "sandbox-ie/sandbox-small",
        "sandbox-slow/sandbox-small",
        "sandbox-flaky/sandbox-small",
    ]


def test_a_key_may_be_named_by_itself(running: Running) -> None:
    called = call("explain", "--model", "sandbox-small", "--key", running.key, *running.options, json=True)
    assert [layer["layer"] for layer in called.json["layers"]] == ["organisation", "team", "key"]
    assert running.key not in called.out


def test_documents_that_are_not_in_force_yet_are_pointed_out(running: Running, tmp_path: Path) -> None:
    options = [*documents(tmp_path), "--state", str(running.state)]
    called = call("explain", "--model", "small", *options)
    assert "`safeconduct reload` puts them in force; else name its own with --config and --policies" in called.notes


SEARCHING = ("--feature", "web_search", "--policy", "strict")


def test_a_feature_of_the_clients_dialect_counts_where_the_route_speaks_it(tmp_path: Path) -> None:
    answer = explain(tmp_path, *SEARCHING).json
    assert answer["eligible"] == []


def test_a_feature_that_a_translation_leaves_out_does_not_count_and_is_named(tmp_path: Path) -> None:
    (eligible,) = explain(tmp_path, *SEARCHING, "--dialect", "openai_responses").json["eligible"]
    assert (eligible["route"], eligible["left_out"]) == ("alpha/small", ["web_search"])
    out = explain(tmp_path, *SEARCHING, "--dialect", "openai_responses", json=False).out
    assert "is asked in openai_chat, which leaves out web_search" in out


def test_claude_is_callable_in_the_eu_once_a_credential_of_bedrock_is_set(tmp_path: Path) -> None:
    """By a key, or by the source of AWS keys; without either the route is admitted and cannot be used."""
    region = {"SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_REGION": "eu-central-1"}
    key = region | {"SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_KEY": "bedrock-api-key"}
    role = region | {"SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_CREDENTIAL": "instance"}
    for environ, usable in ((key, True), (role, True), (region, False)):
        options = ("--model", "claude-sonnet-4.6", "--policy", "eu", "--state", a_state(tmp_path / "state"))
        answer = call("explain", *options, environ=environ, now=datetime(2026, 12, 1, tzinfo=UTC), json=True).json
        assert routes(answer["eligible"]) == ["aws-bedrock-eu/claude-sonnet-4.6"] * usable
    [rejected] = [r for r in answer["rejected"] if r["route"] == "aws-bedrock-eu/claude-sonnet-4.6"]
    assert rejected["admitted_by_policy"]


def test_gemini_is_callable_in_the_eu_once_a_credential_of_vertex_is_set(tmp_path: Path) -> None:
    """By the machine's identity, a service account or a federated one; without any the route cannot be used."""
    project = {"SAFECONDUCT_PROVIDER_GOOGLE_VERTEX_EU_PROJECT": "p"}
    source = "SAFECONDUCT_PROVIDER_GOOGLE_VERTEX_EU_CREDENTIAL"
    machine = project | {source: "metadata"}
    for environ, usable in ((machine, True), (project, False)):
        options = ("--model", "gemini-3.8-flash", "--policy", "eu", "--state", a_state(tmp_path / "state"))
        answer = call("explain", *options, environ=environ, now=datetime(2026, 12, 1, tzinfo=UTC), json=True).json
        assert routes(answer["eligible"]) == ["google-vertex-eu/gemini-3.8-flash"] * usable
    [rejected] = [r for r in answer["rejected"] if r["route"] == "google-vertex-eu/gemini-3.8-flash"]
    assert rejected["admitted_by_policy"]
