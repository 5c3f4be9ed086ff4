"""The start of a coding agent as a value."""

from __future__ import annotations

from gateway.views.agent_launch import LaunchPart, fill


def test_a_place_without_a_value_stays() -> None:
    assert fill("{{origin}}/v1 {{model}}", {"origin": "https://a"}) == "https://a/v1 {{model}}"


def test_a_launch_part_is_empty_unless_it_says_otherwise() -> None:
    assert (LaunchPart().variables, LaunchPart().arguments, LaunchPart().files) == ({}, (), {})
