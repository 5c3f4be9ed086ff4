from __future__ import annotations

from typing import Any

from gateway.core.catalog import BenchmarkScore
from gateway.views.benchmarks import ORDER, benchmark_groups, group_of, score_view
from tests.views.shipped import shipped


def a_score(benchmark: str, score: float | None, metric: str = "percent", **changed: Any) -> BenchmarkScore:
    return BenchmarkScore(benchmark, score, metric, "a page", **changed)


def test_every_shipped_benchmark_has_its_group() -> None:
    names = {score.benchmark for model in shipped().models.values() for score in model.scores}
    groups = {name: group_of(name) for name in names}
    assert groups["SWE-Bench Pro"] == "Coding"
    assert groups["Artificial Analysis Coding Index"] == "Ranks and indices"
    assert groups["Terminal-Bench Hard"] == "Agentic and tool use"
    assert set(groups.values()) == set(ORDER)


def test_a_bar_needs_a_known_scale_and_a_result() -> None:
    assert score_view(a_score("MMLU-Pro", 75.0))["share"] == 75
    assert score_view(a_score("Index", 10.7, "index"))["share"] is None
    absent = score_view(a_score("Long-context reasoning", None))
    assert (absent["share"], absent["words"], absent["measured"]) == (None, "not measured", False)
    assert score_view(a_score("Global rank", 307.0, "rank of 531"))["words"] == "307, rank of 531"
    assert score_view(a_score("Tier", None, "label", note="Efficient"))["words"] == "Efficient"


def test_language_tasks_are_one_row_with_the_best_and_the_worst() -> None:
    scores = [
        a_score("EuroEval swedish", 1.4, "mean rank score", higher_is_better=False, version="v1", dated="2026-04-20"),
        a_score("EuroEval polish", 9.1, "mean rank score", higher_is_better=False, version="v1", dated="2026-04-20"),
        a_score("MMLU-Pro", 75.0),
    ]
    knowledge, languages = benchmark_groups(scores)
    assert isinstance(languages, dict)
    assert isinstance(knowledge, dict)
    assert languages["summary"] == "2 results: best swedish (1.4), worst polish (9.1)"
    assert languages["evidence"] == ["a page, version v1, 2026-04-20"]
    assert (knowledge["name"], knowledge["summary"]) == ("Reasoning and knowledge", None)
    assert benchmark_groups([]) == []
