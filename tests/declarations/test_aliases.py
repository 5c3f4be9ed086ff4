# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from pathlib import Path

import pytest

from tests.declarations.papers import Papers, papers

LARGE = """
[[models]]
id = "large"
name = "Large"
lab = "Lab"
"""
ALIASES = "config/models/aliases.toml"


def two_models(root: Path, aliases: str = "") -> Papers:
    """The valid set with a second model, `large`, and these aliases of the operator's."""
    return papers(root).add("config/models/lab.toml", LARGE).write(ALIASES, f"[aliases]\n{aliases}\n")


# --- other names of a model ------------------------------------------------------------------------------------------


def test_a_model_is_also_called_what_its_document_and_its_providers_call_it(tmp_path: Path) -> None:
    snapshot = papers(tmp_path).snapshot()
    assert snapshot.aliases == {"lab/small": "small", "lab/Small": "small", "small-2026": "small"}


def route(model: str, upstream: str) -> str:
    return f'[[routes]]\nmodel = "{model}"\nupstream_model = "{upstream}"\n'


@pytest.mark.parametrize(
    ("upstream", "found"),
    [
        ("small-2026", None),  # beta's name of another model
        ("lab/small", "small"),  # a declared alias of another model
        ("small", "small"),  # the id of another model
        ("beta/large-1", None),  # would mean a route of beta
        ("large-1", "large"),
    ],
)
def test_a_providers_name_counts_where_it_can_mean_one_model_only(
    upstream: str, found: str | None, tmp_path: Path
) -> None:
    documents = two_models(tmp_path).add("config/catalog/beta.toml", route("large", upstream))
    model = documents.snapshot().called(upstream)
    assert (model.id if model else None) == found


@pytest.mark.parametrize(
    ("alias", "fault"),
    [
        ("large", '"large" is the id of a model; remove the alias'),
        ("beta/large", '"beta/large" means a route of beta; remove the alias: it is never looked up'),
    ],
)
def test_a_faulty_alias_of_a_model_is_reported(alias: str, fault: str, tmp_path: Path) -> None:
    documents = two_models(tmp_path).change("config/models/lab.toml", '["lab/small"]', f'["lab/small", "{alias}"]')
    assert documents.faults() == [f"config/models/lab.toml: models[small].aliases: {fault}"]


def test_two_models_cannot_have_one_alias(tmp_path: Path) -> None:
    documents = two_models(tmp_path).add("config/models/lab.toml", 'aliases = ["lab/small"]')
    assert documents.faults() == [
        'config/models/lab.toml: models[large].aliases: "lab/small" is another name of small already; remove one of the two'
    ]


# --- what the operator redirects -------------------------------------------------------------------------------------


def test_the_operators_aliases_come_before_whatever_a_model_is_called(tmp_path: Path) -> None:
    aliases = '"claude-*" = "small"\nlarge = "small"\n"large-2" = "small"'
    documents = two_models(tmp_path, aliases).add("config/models/lab.toml", 'aliases = ["large-2", "large-3"]')
    snapshot = documents.snapshot()
    names = ("claude-haiku-5", "large", "large-2", "large-3")
    assert [model.id for name in names if (model := snapshot.model(name))] == ["small", "small", "small", "large"]


@pytest.mark.parametrize(
    ("aliases", "fault"),
    [
        ('"x" = "smal"', 'x: "smal" is not a declared model; use one of large, small (did you mean small?)'),
        ('"x" = "lab/small"', 'x: "lab/small" is not a declared model; use one of large, small (did you mean small?)'),
        ('"*" = "small"', '*: a * stands for the rest of a name; write it once, behind a prefix: "claude-haiku-*"'),
        ('"a*b" = "small"', 'a*b: a * stands for the rest of a name; write it once, behind a prefix: "claude-haiku-*"'),
        ('"a**" = "small"', 'a**: a * stands for the rest of a name; write it once, behind a prefix: "claude-haiku-*"'),
        ('"alpha/small" = "large"', "alpha/small: means a route of alpha, and those are never redirected; remove the alias"),
        ('"alpha/*" = "large"', "alpha/*: means a route of alpha, and those are never redirected; remove the alias"),
        ('x = "small"\nsmall = "large"', 'x: "small" is itself answered by large (small); write "large" here'),
        ('x = "small"\n"sma*" = "large"', 'x: "small" is itself answered by large (sma*); write "large" here'),
        ('gpt-4.1 = "small"', 'gpt-4: is a table: a dot outside quotes divides a key; write the name in quotes, as in "gpt-4.1"'),
        ("x = 1", 'x: 1 is not text; write it in quotes, such as "evroc", or leave the key out'),
    ],
)  # fmt: skip
def test_a_faulty_alias_of_the_operators_is_reported(aliases: str, fault: str, tmp_path: Path) -> None:
    assert two_models(tmp_path, aliases).faults() == [f"{ALIASES}: aliases.{fault}"]


def test_a_prefix_may_hold_the_model_that_answers_it(tmp_path: Path) -> None:
    snapshot = two_models(tmp_path, '"sm*" = "small"\nx = "small"').snapshot()
    assert snapshot.redirects == {"sm*": "small", "x": "small"}
