"""Benchmark results in groups, each with version, date and source; EuroEval's language tasks as one folded row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.core.catalog import BenchmarkScore
from gateway.core.errors import Json

_LANGUAGES: Final = "Languages"
_EUROEVAL: Final = "EuroEval "
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Ranks and indices": ("rank", "tier", "index", "speed", "first token"),
    "Reasoning and knowledge": ("mmlu", "gpqa", "humanity", "long-context", "reasoning"),
    "Agentic and tool use": ("terminal", "tau2", "tool"),
    "Mathematics and instruction following": ("aime", "ifbench", "math"),
    "Coding": ("livecode", "sci", "swe", "aider", "code"),
}
"""Group -> parts of the names of its benchmarks; the first that fits, in this order."""
ORDER: Final = (
    "Ranks and indices",
    "Reasoning and knowledge",
    "Coding",
    "Agentic and tool use",
    "Mathematics and instruction following",
    _LANGUAGES,
)
NOT_MEASURED: Final = "not measured"


def group_of(benchmark: str) -> str:
    """The group of a benchmark, by its name."""
    name = benchmark.casefold()
    if benchmark.startswith(_EUROEVAL):
        return _LANGUAGES
    return next((group for group, parts in GROUPS.items() if any(part in name for part in parts)), ORDER[1])


def benchmark_groups(scores: Sequence[BenchmarkScore]) -> list[Json]:
    """The groups that have results, each with its rows and with the sources, versions and dates of all of them."""
    grouped: dict[str, list[BenchmarkScore]] = {name: [] for name in ORDER}
    for score in scores:
        grouped[group_of(score.benchmark)].append(score)
    return [_group(name, own) for name, own in grouped.items() if own]


def _group(name: str, scores: list[BenchmarkScore]) -> dict[str, Json]:
    rows: list[Json] = [score_view(each) for each in scores]
    evidence: list[Json] = list(dict.fromkeys(_evidence(each) for each in scores))
    if name != _LANGUAGES:
        return {"name": name, "rows": rows, "evidence": evidence, "summary": None}
    known = [each for each in scores if each.score is not None]
    ranked = sorted(known, key=lambda each: each.score or 0.0)
    better = ranked if not known or not known[0].higher_is_better else ranked[::-1]
    summary = None
    if better:
        best, worst = better[0], better[-1]
        summary = (
            f"{len(scores)} results: best {_task(best)} ({_number(best)}), worst {_task(worst)} ({_number(worst)})"
        )
    return {"name": name, "rows": rows, "evidence": evidence, "summary": summary}


def score_view(score: BenchmarkScore) -> dict[str, Json]:
    """One result. `share`: of 100, where the scale is known; None without a bar."""
    percent = score.metric == "percent" and score.score is not None
    return {
        "name": _task(score),
        "words": _words(score),
        "share": round(min(max(score.score or 0.0, 0.0), 100.0)) if percent else None,
        "measured": score.score is not None or score.metric == "label",
        "note": score.note or None,
        "setting": score.setting or None,
    }


def _words(score: BenchmarkScore) -> str:
    if score.metric == "label":
        return score.note or NOT_MEASURED
    if score.score is None:
        return NOT_MEASURED
    if score.metric == "percent":
        return f"{_number(score)} %"
    if score.metric.startswith("rank of "):
        return f"{_number(score)}, {score.metric}"
    return _number(score)


def _task(score: BenchmarkScore) -> str:
    return score.benchmark.removeprefix(_EUROEVAL).replace("tau2", "τ²")


def _number(score: BenchmarkScore) -> str:
    return format(score.score, ".6g")


def _evidence(score: BenchmarkScore) -> str:
    version = f"version {score.version}" if score.version else ""
    return ", ".join(part for part in (score.source, version, score.dated) if part)
