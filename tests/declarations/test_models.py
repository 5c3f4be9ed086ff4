# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest

from gateway.core.catalog import Abilities, Model, Score
from gateway.declarations.models import aliases_of, read_models
from gateway.declarations.names import Declared, Names, Register
from tests.declarations.papers import page, told

HEAD = '[[models]]\nid = "small"\nname = "Small"\nlab = "Lab"\n'


def models(text: str, aliases: str = "") -> tuple[Register[Model], dict[str, str], list[str]]:
    """The models, their aliases, and the faults of both documents."""
    register: Register[Model] = Register()
    paper, other = page(text), page(aliases)
    read_models(paper, register)
    providers = Declared("provider", {"evroc"})
    names = Names(providers, Declared("model", register.values), Declared("route", ()), Declared("policy", ()))
    found = aliases_of(register, other.root.table("aliases"), names)
    paper.close()
    other.close()
    return register, found, told(paper) + told(other)


def test_a_model_is_read_whole() -> None:
    text = HEAD + (
        'lab_country = "FR"\naliases = ["small-2"]\nopen_weights = true\nlicence = "MIT"\nreleased = 2026-05-01\n'
        'knowledge_cutoff = "2025-10"\nkind = "embedding"\ndefault_max_output = 4096\ndescription = "d"\n'
        'context = 128000\ntools = true\ninputs = ["text"]\nfacts = { family = "s" }\n'
        'scores = [ { benchmark = "b", score = 1.5, metric = "m", source = "s", higher_is_better = false, '
        'independent = false, version = "1", setting = "x", dated = "2026-01", note = "n" } ]\n'
    )
    register, aliases, faults = models(text)
    assert faults == []
    assert aliases == {"small-2": "small"}
    assert register.values["small"] == Model(
        id="small",
        name="Small",
        lab="Lab",
        abilities=Abilities(tools=True, inputs=frozenset({"text"}), context=128_000),
        aliases=("small-2",),
        open_weights=True,
        licence="MIT",
        lab_country="FR",
        released="2026-05-01",
        knowledge_cutoff="2025-10",
        kind="embedding",
        default_max_output=4096,
        description="d",
        facts={"family": "s"},
        scores=(Score("b", 1.5, "m", "s", False, False, "1", "x", "2026-01", "n"),),
    )


def test_a_score_that_nobody_measured_is_no_score() -> None:
    register, _, faults = models(HEAD + 'scores = [ { benchmark = "b", metric = "m", source = "s" } ]')
    assert (register.values["small"].scores, faults) == ((Score("b", None, "m", "s"),), [])


def test_other_names_may_stand_in_a_document_of_their_own() -> None:
    _, aliases, faults = models(HEAD + 'aliases = ["a"]', '[aliases]\n"claude-haiku" = "small"\na = "small"')
    assert (aliases, faults) == ({"a": "small", "claude-haiku": "small"}, [])


TWO = HEAD + 'aliases = ["other"]\n' + HEAD.replace("small", "large")


@pytest.mark.parametrize(
    ("text", "aliases", "fault"),
    [
        ('[[models]]\nname = "S"\nlab = "L"', "", 'models[#1].id: is missing; add id = "magistral-small"'),
        (HEAD.replace('"small"', '"lab/small"'), "", 'models[lab/small].id: "lab/small" is not a name; write it with'),
        (HEAD + 'kind = "chats"', "", 'models[small].kind: "chats" is not a value of kind; use one of chat, embedding'),
        (HEAD + "released = 5", "", "models[small].released: 5 is not a date; write it without quotes, as in 2026-11-23"),
        (HEAD + "scores = [ { metric = 'm', source = 's' } ]", "", "models[small].scores[#1].benchmark: is missing; add"),
        (HEAD + "scores = [ { benchmark = 'b', metric = 'm', source = 's', score = 'A' } ]", "", 'models[small].scores[#1].score: "A" is not a number; write the figure, or leave it out if there is none'),
        (HEAD + HEAD, "", 'models[small].id: "small" is declared already (models[small]); remove one, or give it another name'),
        (HEAD + 'aliases = ["small"]', "", 'models[small].aliases: "small" is the id of a model; remove the alias'),
        (HEAD + 'aliases = ["evroc/small"]', "", 'models[small].aliases: "evroc/small" means a route of evroc; remove the alias: it is never looked up'),
        (TWO, '[aliases]\nother = "large"', "aliases.other: \"other\" is another name of small already; remove one of the two"),
        (HEAD, '[aliases]\nother = "smal"', 'aliases.other: "smal" is not a declared model; use one of small (did you mean small?)'),
    ],
)  # fmt: skip
def test_a_faulty_model_is_reported(text: str, aliases: str, fault: str) -> None:
    _, _, faults = models(text, aliases)
    assert len(faults) == 1
    assert faults[0].startswith(f"paper.toml: {fault}")
