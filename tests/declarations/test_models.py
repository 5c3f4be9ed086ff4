# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway import sandbox
from gateway.core.catalog import Abilities, BenchmarkScore, Model
from gateway.declarations.load import load
from gateway.declarations.models import read_models
from gateway.declarations.names import Register
from tests.declarations.papers import page, told

HEAD = '[[models]]\nid = "small"\nname = "Small"\nlab = "Lab"\n'


def models(text: str) -> tuple[Register[Model], list[str]]:
    register: Register[Model] = Register()
    paper = page(text)
    read_models(paper, register)
    paper.close()
    return register, told(paper)


def test_a_model_is_read_whole() -> None:
    text = HEAD + (
        'lab_country = "FR"\naliases = ["small-2"]\nopen_weights = true\nlicence = "MIT"\nreleased = 2026-05-01\n'
        'knowledge_cutoff = "2025-10"\nkind = "embedding"\ndefault_max_output = 4096\ndescription = "d"\n'
        'context = 128000\ntools = true\ninputs = ["text"]\nfacts = { family = "s" }\n'
        'scores = [ { benchmark = "b", score = 1.5, metric = "m", source = "s", higher_is_better = false, '
        'independent = false, version = "1", setting = "x", dated = "2026-01", note = "n" } ]\n'
    )
    register, faults = models(text)
    assert faults == []
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
        scores=(BenchmarkScore("b", 1.5, "m", "s", False, False, "1", "x", "2026-01", "n"),),
    )


def test_a_score_that_nobody_measured_is_no_score() -> None:
    register, faults = models(HEAD + 'scores = [ { benchmark = "b", metric = "m", source = "s" } ]')
    assert (register.values["small"].scores, faults) == ((BenchmarkScore("b", None, "m", "s"),), [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[[models]]\nname = "S"\nlab = "L"', 'models[#1].id: is missing; add id = "magistral-small"'),
        (HEAD.replace('"small"', '"lab/small"'), 'models[lab/small].id: "lab/small" is not a name; write it with'),
        (HEAD + 'kind = "chats"', 'models[small].kind: "chats" is not a value of kind; use one of chat, embedding'),
        (HEAD + "released = 5", "models[small].released: 5 is not a date; write it without quotes, as in 2026-11-23"),
        (HEAD + "scores = [ { metric = 'm', source = 's' } ]", "models[small].scores[#1].benchmark: is missing; add"),
        (HEAD + "scores = [ { benchmark = 'b', metric = 'm', source = 's', score = 'A' } ]", 'models[small].scores[#1].score: "A" is not a number; write the figure, or leave it out'),
        (HEAD + HEAD, 'models[small].id: "small" is declared already (models[small]); remove one, or give it another name'),
    ],
)  # fmt: skip
def test_a_faulty_model_is_reported(text: str, fault: str) -> None:
    _, faults = models(text)
    assert len(faults) == 1
    assert faults[0].startswith(f"paper.toml: {fault}")


def test_a_bundled_model_gives_way_to_one_of_the_operators_documents(tmp_path: Path) -> None:
    """The sandbox brings a stand-in of a model that the shipped documents describe in full."""
    root = Path(__file__).parents[2]
    loaded = load(root / "config", root / "policies", extra=(sandbox.DOCUMENTS,), today=date(2026, 11, 30))
    assert loaded.faults == ()
    assert loaded.snapshot is not None
    model = loaded.snapshot.models[sandbox.STAND_IN]
    assert model.scores
    offered = {route.provider.id for route in loaded.snapshot.routes_of[model.id] if route.provider.sandbox}
    assert offered == {"sandbox-se", "sandbox-fr", "sandbox-us"}
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.toml").write_text('[[models]]\nid = "own"\nname = "Own"\nlab = "Own"\n' * 2)
    twice = load(root / "config", root / "policies", extra=(tmp_path,), today=date(2026, 11, 30))
    assert [fault.what for fault in twice.faults if "declared already" in fault.what], "two of one bundle are a fault"
