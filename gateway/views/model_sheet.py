"""A model's page: key information, the treatment on each route with its evidence, and the verdict for one reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from gateway.core.catalog import Abilities, Fact, Facts, Model, Route
from gateway.core.errors import Json
from gateway.core.evaluation import Reason, treatment
from gateway.core.posture import DIMENSIONS, UNKNOWN, Posture, within, word
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force
from gateway.views.benchmarks import benchmark_groups
from gateway.views.catalogue import Viewer, price_view
from gateway.views.dimensions import LABELS
from gateway.views.reasons import sentence as reason_sentence
from gateway.views.treatment_words import HOME, cell, place, sentence, words_of
from gateway.views.verdicts import ORDER, Verdict, best_of, verdict_of

_OTHERS: Final = 8
_FEATURES: Final = {"tools": "tools", "structured_output": "schemas", "reasoning": "reasoning"}
_SHOWN: Final = tuple(name for name in DIMENSIONS if name != "stored_in")


class ModelSheet:
    """The page of one model. `viewer`: None for a reader who is not signed in; then no verdict is shown."""

    def __init__(self, model: Model, snapshot: Snapshot, viewer: Viewer | None, today: date) -> None:
        self._model, self._snapshot, self._viewer, self._today = model, snapshot, viewer, today
        self._sheets: list[tuple[Route, Posture, Verdict | None, dict[str, Json]]] = []

    def steps(self) -> Iterator[None]:
        """Work out one route after the other."""
        for route in self._snapshot.routes_of[self._model.id]:
            treated = treatment(route, frozenset(), self._snapshot, self._today)
            reasons = self._viewer.reasons(route, self._snapshot) if self._viewer else ()
            verdict = verdict_of(reasons) if self._viewer else None
            self._sheets.append((route, treated, verdict, self._route(route, treated, verdict, reasons)))
            yield
        self._sheets.sort(key=self._order)

    def view(self) -> dict[str, Json]:
        """Everything of the page, after `steps`."""
        model, verdicts = self._model, [verdict for _, _, verdict, _ in self._sheets if verdict is not None]
        best = best_of(verdicts)
        return {
            "id": model.id,
            "name": model.name,
            "lab": model.lab,
            "kind": model.kind,
            "aliases": list(model.aliases),
            "weights": _weights(model),
            "licence": model.licence or None,
            "description": model.description or None,
            "verdict": best.view if best else None,
            "why": self._why(best) if best else None,
            "badges": self._badges(),
            "key_info": self._key_info(),
            "training": self._training(),
            "routes": [sheet for *_, sheet in self._sheets],
            "benchmarks": benchmark_groups(model.scores),
            "others": self._others(),
        }

    def _order(self, each: tuple[Route, Posture, Verdict | None, dict[str, Json]]) -> tuple[object, ...]:
        route, treated, verdict, _ = each
        rates = route.price.rates
        cost = float(rates.input or 0) + float(rates.output or 0) if route.price.is_priced else float("inf")
        return (ORDER.index(verdict) if verdict else 0, not self._at_home(treated), cost, route.id)

    def _at_home(self, treated: Posture) -> bool:
        home = self._snapshot.regions.get(HOME, frozenset())
        return within(treated.with_guaranteed_places().processed_in, home)

    def _route(
        self, route: Route, treated: Posture, verdict: Verdict | None, reasons: Sequence[Reason]
    ) -> dict[str, Json]:
        provider, regions = route.provider, self._snapshot.regions
        grants = self._snapshot.grants.get(provider.id, ())
        facts = facts_in_force(provider, route.model, frozenset(), grants, self._today)[0]
        notes, retained = provider.notes, provider.notes.get("zero_retention", "")
        is_known = any(value is not UNKNOWN for _, value in treated)
        return {
            "route": str(route.id),
            "provider": provider.name,
            "operator": provider.operator,
            "parent": provider.parent,
            "plan": provider.plan or None,
            "variant": route.variant or None,
            "status": route.status.value,
            "retires_on": last.isoformat() if (last := route.last_day) else None,
            "place": place(treated.processed_in, regions),
            "kept": cell("retention_days", treated.retention_days, regions),
            "trained": cell("training", treated.training, regions),
            "price": price_view(route.price),
            "verdict": verdict.view if verdict else None,
            "reasons": [_capital(reason_sentence(reason, regions)) for reason in reasons],
            "sentence": sentence(treated, notes.get("zero_retention", ""), provider.plan, regions)
            if is_known
            else None,
            "facts": [self._fact(name, treated, facts) for name in _SHOWN] if is_known else [],
            "dated": _dates(facts),
            "sources": _sources(facts),
            "how": _second(retained) or None,
            "agreement": notes.get("dpa") or None,
            "certifications": notes.get("certifications_claimed") or None,
            "newest_source": notes.get("newest_source") or None,
            "confidence": notes.get("confidence") or None,
            "obtainable": [
                f"{LABELS[name]}: {words_of(name, fact.value, regions)}" for name, fact in provider.obtainable.items()
            ],
            "note": route.note or None,
        }

    def _fact(self, name: str, treated: Posture, facts: Facts) -> dict[str, Json]:
        """One dimension; `doubts` says why a value counts worse than the record states."""
        regions, fact = self._snapshot.regions, facts.get(name)
        value = getattr(treated, name)
        doubts: list[str] = []
        if fact is not None and fact.disputed:
            others = " or ".join(words_of(name, each, regions) for each in fact.disputed)
            doubts.append(f"disputed: another source says {others}; the worse counts")
        if fact is not None and fact.value != value:
            doubts.append(f"stated: {words_of(name, fact.value, regions)}; an exception counts")
        return {"name": name, "label": LABELS[name], **cell(name, value, regions), "doubts": list(doubts)}

    def _badges(self) -> list[Json]:
        """The four statements of the seed, each with the routes for which it holds."""
        held: Mapping[str, list[Route]] = {
            "EU residency available": [r for r, t, *_ in self._sheets if self._at_home(t)],
            "Zero data retention": [r for r, t, *_ in self._sheets if t.retention_days == 0],
            "No training by default": [r for r, t, *_ in self._sheets if word(t.training) == "no"],
            "GDPR DPA available": [r for r, t, *_ in self._sheets if word(t.dpa) in ("in_force", "available")],
        }
        return [self._badge(words, routes) for words, routes in held.items()]

    def _badge(self, words: str, routes: list[Route]) -> dict[str, Json]:
        of = len(self._sheets)
        plans = [*dict.fromkeys(route.provider.plan for route in routes if route.provider.plan)]
        names_plans = words == "Zero data retention"
        if names_plans:
            words += f" on {plans[0]}" if len(plans) == 1 else " available"
        return {
            "words": words,
            "mark": "good" if routes and len(routes) == of else "fair" if routes else "none",
            "routes": len(routes),
            "of": of,
            "who": list(dict.fromkeys(route.provider.name for route in routes)),
            "plans": [*plans] if names_plans and len(plans) > 1 else [],
        }

    def _training(self) -> str:
        """Training across the routes, in one sentence."""
        counts = dict.fromkeys(("no", "opt_out", "yes", "unknown"), 0)
        for _, treated, *_ in self._sheets:
            counts[str(word(treated.training))] += 1
        of = len(self._sheets)
        if of and counts["no"] == of:
            return "No training on prompts by default."
        parts = [f"No training on prompts by default on {counts['no']} of {of} routes"]
        parts += [f"{counts['opt_out']} may train unless switched off"] if counts["opt_out"] else []
        parts += [f"{counts['yes']} may train"] if counts["yes"] else []
        parts += [f"not stated on {counts['unknown']}"] if counts["unknown"] else []
        return "; ".join(parts) + "."

    def _why(self, best: Verdict) -> str:
        if best is Verdict.USABLE:
            usable = sum(verdict is Verdict.USABLE for _, _, verdict, _ in self._sheets)
            return f"{usable} of {len(self._sheets)} routes may serve your requests."
        return _WHY[best]

    def _key_info(self) -> list[Json]:
        able, facts = self._best_abilities(), self._model.facts
        priced = [sheet["price"] for *_, sheet in self._sheets if sheet["price"]]
        cheapest: Any = min(priced, key=_sum, default=None)
        features = [words for name, words in _FEATURES.items() if getattr(able, name)]
        rows: list[tuple[str, Json, str]] = [
            ("Input", ", ".join(sorted(able.inputs)) if able.inputs else None, ""),
            ("Output", ", ".join(sorted(able.outputs)) if able.outputs else None, ""),
            ("Features", ", ".join(features) or None, ""),
            ("Context window", able.context, "tokens"),
            ("Max output", able.max_output, "tokens"),
            ("Parameters", facts.get("parameters"), ""),
            ("Languages", facts.get("languages"), ""),
            ("Knowledge until", self._model.knowledge_cutoff or None, ""),
        ]
        prices: list[Json] = [
            {
                "label": f"{side.capitalize()} price",
                "price": cheapest["per_million"][side],
                "currency": cheapest["currency"],
            }
            for side in ("input", "output")
            if cheapest
        ]
        shown: list[Json] = [{"label": label, "value": value, "unit": unit} for label, value, unit in rows if value]
        return [*shown[:5], *prices, *shown[5:]]

    def _best_abilities(self) -> Abilities:
        able = self._model.abilities
        for route, *_ in self._sheets:
            able = able.over(route.abilities)
        return able

    def _others(self) -> list[Json]:
        """Other models of the lab, those with most routes first."""
        routes = self._snapshot.routes_of
        others = [m for m in self._snapshot.models.values() if m.lab == self._model.lab and m.id != self._model.id]
        others.sort(key=lambda model: (-len(routes[model.id]), model.name))
        return [{"id": model.id, "name": model.name, "routes": len(routes[model.id])} for model in others[:_OTHERS]]


_WHY: Final[Mapping[Verdict, str]] = {
    Verdict.RESTING: "Your policy allows a route, and its provider does not answer at this moment.",
    Verdict.UNCONNECTED: "Your policy allows a route that this gateway is not connected to. Ask the operator.",
    Verdict.ENDED: "The providers have ended every route that your policy allows.",
    Verdict.REFUSED: "Your policy refuses every route of this model. The reasons stand beside each.",
}


def _sum(price: Any) -> float:
    return float(price["per_million"]["input"]) + float(price["per_million"]["output"])


def _weights(model: Model) -> str | None:
    return {True: "open weights", False: "closed weights", None: None}[model.open_weights]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _second(note: str) -> str:
    """The words behind the mode of a note (`default. On by default on …`)."""
    return note.partition(". ")[2] or note


def _dates(facts: Mapping[str, Fact]) -> dict[str, Json]:
    """The oldest reading and verification of a record's facts; who verified them."""
    read = [fact.read_on for fact in facts.values() if fact.read_on]
    verified = [fact.verified_on for fact in facts.values() if fact.verified_on]
    by = [*dict.fromkeys(fact.verified_by for fact in facts.values() if fact.verified_by)]
    return {
        "read_on": min(read).isoformat() if read else None,
        "verified_on": min(verified).isoformat() if len(verified) == len(facts) and verified else None,
        "verified_by": list(by),
        "verified_facts": len(verified),
        "facts": len(facts),
    }


def _sources(facts: Mapping[str, Fact]) -> list[Json]:
    seen = {source.url: source for fact in facts.values() for source in fact.sources}
    return [{"url": s.url, "dated": s.dated.isoformat() if s.dated else None} for s in seen.values()]
