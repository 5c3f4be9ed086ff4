"""Whose policies hold."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import pytest

from gateway.commands.access.callers import layers_of
from gateway.commands.access.current_state import current_state
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop
from gateway.core.policy import Layer
from tests.builders import NOW
from tests.commands.calling import a_state, call, documents


@pytest.fixture
def at(tmp_path: Path) -> Path:
    documents(tmp_path)
    return tmp_path


def options_of(at: Path) -> dict[str, str]:
    return {"config": str(at / "config"), "policies": str(at / "policies"), "state": a_state(at / "state")}


def layers(at: Path, **options: str) -> tuple[Layer, ...]:
    asked_for = {"key": None, "policy": None, "team": None, "data_class": None, **options_of(at), **options}
    context = CommandContext(
        Namespace(**asked_for), Printer(io.StringIO(), io.StringIO(), as_json=False), {}, lambda: NOW
    )
    return layers_of(context, current_state(context))


def named(found: tuple[Layer, ...]) -> list[tuple[str, str]]:
    return [(layer.kind.label, layer.policy.name) for layer in found]


def a_key(at: Path, *words: str) -> dict[str, str]:
    options = [text for name, value in options_of(at).items() for text in (f"--{name}", value)]
    created: dict[str, str] = call("keys", "create", "--team", "research", *words, *options, json=True).json
    return created


def test_the_organisation_always_has_a_say(at: Path) -> None:
    assert named(layers(at)) == [("organisation", "open")]


def test_a_key_brings_its_team_and_its_own_policy(at: Path) -> None:
    key = a_key(at, "--policy", "strict")
    expected = [("organisation", "open"), ("team", "open"), ("key", "strict")]
    assert named(layers(at, key=key["id"])) == named(layers(at, key=key["secret"])) == expected


def test_beside_a_key_a_policy_is_what_a_request_asks_for(at: Path) -> None:
    key = a_key(at, "--policy", "open")
    assert named(layers(at, key=key["id"], policy="strict"))[-1] == ("request", "strict")


def test_a_key_states_only_its_own_classes(at: Path) -> None:
    key = a_key(at, "--policy", "open")
    assert named(layers(at, key=key["id"], data_class="personal"))[-1] == ("data_class", "strict")
    path = at / "config/organisation.toml"
    path.write_text(path.read_text() + '[classes.public]\npolicy = "open"\n')
    with pytest.raises(Stop) as stopped:
        layers(at, key=key["id"], data_class="public")
    assert stopped.value.code == MISUSED


def test_a_key_whose_policy_is_gone_is_refused_everything(at: Path) -> None:
    key = a_key(at, "--policy", "strict")
    (at / "policies/strict.toml").unlink()
    path = at / "config/organisation.toml"
    path.write_text(path.read_text().replace('"strict"', '"open"'))
    with pytest.raises(Stop) as stopped:
        layers(at, key=key["id"])
    assert stopped.value.code == FAILED
    assert "no longer declare" in stopped.value.what
