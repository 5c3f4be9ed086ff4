"""Receipts in words: a line of a list, and one receipt with its attempts, its decision and its facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.policy import LayerKind
from gateway.core.receipt import AttemptRecord, Receipt, from_json
from gateway.core.usage import Usage, UsageSource
from gateway.views.amounts import amount_words, plural
from gateway.views.dimensions import LABELS, value_words
from gateway.views.reason_codes import code_words, verdict_on

_OUTCOMES: Final[Mapping[str, tuple[str, str]]] = {
    "served": ("good", "Served"),
    "refused": ("poor", "Refused"),
    "failed": ("poor", "Failed"),
    "client_left": ("none", "Client left"),
    "interrupted": ("poor", "Interrupted"),
    "corrected": ("dash", "Correction"),
}
_SOURCES: Final[Mapping[str, str]] = {
    UsageSource.PROVIDER.value: "as the provider reported",
    UsageSource.COUNTED.value: "counted by the gateway",
    UsageSource.ESTIMATED.value: "estimated, because the provider did not report",
    UsageSource.HELD.value: "held at the worst case, because the provider did not report",
    UsageSource.BILLED.value: "as the provider billed it",
}
_ENDED: Final[Mapping[str, str]] = {
    "served": "Served",
    "failed": "Failed",
    "timeout": "Timed out",
    "refused": "Refused by the provider",
    "left": "Ended by the client",
    "interrupted": "Interrupted by the end of the process",
    "corrected": "Corrected",
}
_PROPER: Final[Mapping[str, str]] = {"openai": "OpenAI", "google": "Google", "anthropic": "Anthropic"}


@frozen
class ReceiptNames:
    """Names that receipts do not hold: labels of keys by id, and countries by region word."""

    keys: Mapping[str, str]
    regions: Mapping[str, frozenset[str]]


def outcome_view(receipt: Receipt) -> dict[str, Json]:
    """The outcome as mark and words, with its code where it has one."""
    mark, words = _OUTCOMES[receipt.outcome]
    return {"mark": mark, "words": words, "code": receipt.code or None}


def dialect_words(name: str) -> str:
    """`OpenAI Chat` for `openai_chat`."""
    return " ".join(_PROPER.get(word, word.capitalize()) for word in name.split("_"))


def receipt_line(plain: Mapping[str, Json], names: ReceiptNames) -> dict[str, Json]:
    """One receipt as a line of a list. `left_for`: the provider of every attempt whose prompt left, in order."""
    receipt = from_json(plain)
    used = _used(receipt)
    return {
        "id": receipt.id,
        "began_at": receipt.began_at,
        "outcome": outcome_view(receipt),
        "model": receipt.model,
        "team": receipt.team,
        "key": receipt.key,
        "key_label": names.keys.get(receipt.key),
        "left_for": [attempt.route.partition("/")[0] for attempt in receipt.attempts if attempt.left],
        "tokens_in": used.context,
        "tokens_out": used.generated,
        "cost": money(receipt.cost),
        "currency": receipt.currency,
    }


def receipt_view(plain: Mapping[str, Json], names: ReceiptNames) -> dict[str, Json]:
    """One receipt with everything in words; `record` is the receipt itself."""
    receipt = from_json(plain)
    used = _used(receipt)
    return {
        "id": receipt.id,
        "began_at": receipt.began_at,
        "sentence": _sentence(receipt),
        "outcome": outcome_view(receipt),
        "organisation": receipt.organisation,
        "team": receipt.team,
        "key": receipt.key,
        "key_label": names.keys.get(receipt.key),
        "end_user": receipt.end_user or None,
        "model": receipt.model,
        "cost": money(receipt.cost),
        "currency": receipt.currency,
        "duration_ms": receipt.duration_ms,
        "tokens_in": used.context,
        "tokens_out": used.generated,
        "timeline": [*_timeline(receipt)],
        "decision": _decision(receipt),
        "facts": [_facts(attempt) for attempt in receipt.attempts if attempt.left],
        "posture": [
            {"dimension": name, "label": LABELS[name], "words": value_words(name, value, names.regions)}
            for name in LABELS
            if (value := receipt.posture.get(name)) is not None
        ],
        "dropped": list(receipt.dropped),
        "proof": _proof(receipt),
        "erased": list(receipt.erased),
        "record": dict(plain),
    }


def _used(receipt: Receipt) -> Usage:
    return sum((Usage(**attempt.usage) for attempt in receipt.attempts), Usage())


def _sentence(receipt: Receipt) -> str:
    left = sum(attempt.left for attempt in receipt.attempts)
    failed = sum(attempt.outcome != "served" for attempt in receipt.attempts)
    times = {0: "The prompt never left the gateway.", 1: "The prompt left once."}.get(
        left, f"The prompt left {left} times."
    )
    if receipt.outcome == "served":
        after = f" after {plural(failed, 'failed attempt')}" if failed else ""
        return f"Served by {receipt.route}{after}. {times}"
    code = f" ({receipt.code.replace('_', ' ')})" if receipt.code else ""
    began = {
        "refused": f"Refused{code}.",
        "failed": f"Failed{code} after {plural(failed, 'attempt')}.",
        "client_left": "The client left before the end.",
        "interrupted": "The process ended while the request was under way.",
        "corrected": "The cost of an earlier request was corrected.",
    }[receipt.outcome]
    return f"{began} {times}"


def _timeline(receipt: Receipt) -> Iterator[dict[str, Json]]:
    demand = receipt.demand
    limit = demand.get("output_tokens")
    bound = demand.get("input_tokens_at_most")
    most = f"; at most {bound:,} tokens in" if isinstance(bound, int) else ""
    most += f", {limit:,} out" if most and isinstance(limit, int) else ""
    yield _event("begun", 0, f"Asked for {receipt.model or 'a model'} in {dialect_words(receipt.dialect)}{most}.")
    for attempt in receipt.attempts:
        yield _attempt_event(attempt, receipt.currency)
    place = f"Receipt {receipt.sequence} of chain …{receipt.chain[-6:]} written." if receipt.chain else ""
    yield _event("written", receipt.duration_ms, place or "Receipt written.")


def _event(kind: str, at_ms: int, words: str, *, route: str = "", detail: str = "") -> dict[str, Json]:
    return {"kind": kind, "at_ms": at_ms, "route": route or None, "words": words, "detail": detail or None}


_FAULTS: Final[Mapping[str, str]] = {
    "credential": "the credential was refused",
    "account": "the account was refused",
    "not_enabled": "the model is not enabled for the account",
    "withdrawn": "the provider serves the model no longer",
    "rate": "the provider limits the rate",
    "route": "a fault of the route",
    "attempt": "a fault of this request on this route",
    "request": "the request was refused",
}
"""Scope of a fault -> its words. Kinds of faults of the way there are words themselves."""


def _attempt_event(attempt: AttemptRecord, currency: str) -> dict[str, Json]:
    """`kind`: `left` for a prompt that left, `left_failed` for one that left in vain, `stayed` for one that did not."""
    failed = attempt.outcome not in ("served", "left")
    ended = _ENDED.get(attempt.outcome, attempt.outcome)
    why = ", ".join(
        word.replace("_", " ")
        for word in (
            f"status {attempt.status}" if attempt.status else "",
            _FAULTS.get(attempt.fault, attempt.fault),
            attempt.upstream_code,
        )
        if word
    )
    took = f" after {attempt.ended_ms - attempt.began_ms:,} ms"
    kind = ("left_failed" if failed else "left") if attempt.left else "stayed"
    way = f"in {dialect_words(attempt.dialect)}. " if attempt.dialect else ""
    words = f"{way}{ended}{f', {why}' if why else ''}{took}."
    return _event(kind, attempt.began_ms, words, route=attempt.route, detail=_money_words(attempt, currency))


def _money_words(attempt: AttemptRecord, currency: str) -> str:
    held, charged = (amount_words(money(amount), currency) for amount in (attempt.hold, attempt.cost))
    source = _SOURCES.get(attempt.usage_source, "")
    words = f"Held {held}, charged {charged}{f', {source}' if source else ''}"
    words += f"; price {attempt.price}" if attempt.price else ""
    return words + (". The charge is above the hold." if attempt.over_hold else ".")


_LAYERS: Final = tuple(kind.label for kind in LayerKind)


def _decision(receipt: Receipt) -> dict[str, Json]:
    admitted: list[Json] = [
        {"route": route, "verdict": {"mark": "good", "words": f"Admitted, no. {place}"}, "reasons": []}
        for place, route in enumerate(receipt.plan, start=1)
    ]
    rejected = sorted(receipt.rejections.items(), key=lambda item: _ORDER.index(str(verdict_on(item[1])["words"])))
    return {
        "layers": [
            {"layer": name.replace("_", " "), "policy": receipt.policy[name]}
            for name in _LAYERS
            if name in receipt.policy
        ],
        "documents": receipt.documents or None,
        "day": receipt.day or None,
        "routes": admitted
        + [
            {
                "route": route,
                "verdict": verdict_on(codes),
                "reasons": [{"code": code, "words": code_words(code)} for code in codes],
            }
            for route, codes in rejected
        ],
    }


_ORDER: Final = ("Not answering", "Not connected", "Refused by policy", "Cannot do it", "Not asked for")


def _facts(attempt: AttemptRecord) -> dict[str, Json]:
    countries: Sequence[str] = attempt.region.split("+") if attempt.region not in ("", "unknown") else ()
    return {
        "route": attempt.route,
        "countries": list(countries),
        "reported_region": attempt.observed.get("region"),
        "posture_digest": attempt.posture_digest or None,
        "evidence_from": attempt.evidence_from or None,
    }


def _proof(receipt: Receipt) -> dict[str, Any]:
    return {
        "schema": receipt.schema,
        "chain": receipt.chain or None,
        "sequence": receipt.sequence or None,
        "previous": receipt.previous or None,
        "signature": None,
    }
