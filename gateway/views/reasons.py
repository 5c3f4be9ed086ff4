"""Reasons in words: what a data protection officer reads where programs read `posture:retention_days`.

Every sentence has two halves: what the route does, and who demands otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.evaluation import Kind, Reason
from gateway.core.health import FaultScope
from gateway.settings import provider_variable

Regions = Mapping[str, frozenset[str]]
"""Region word -> countries: `config/regions.toml`."""

_MANY: Final = 8
"""More countries than this are counted, not listed."""

UNSTATED: Final[Mapping[str, str]] = {
    "processed_in": "does not say where content is processed",
    "stored_in": "does not say where content is stored",
    "retention_days": "does not say how long content is kept",
    "training": "does not say whether it trains on content",
    "logging": "does not say what it logs",
    "third_party_access": "does not say who else may see content",
    "jurisdiction": "does not say whose law reaches its operator",
    "transfer": "does not say on what a transfer out of the EEA relies",
    "dpa": "does not say whether there is a data processing agreement",
    "provider_cache": "does not say whether prompts are cached",
    "location_guarantee": "does not say how firmly the place of processing is promised",
}

_SCALES: Final[Mapping[str, Mapping[str, str]]] = {
    "training": {
        "no": "does not train on content",
        "opt_out": "trains on content unless one opts out",
        "yes": "trains on content",
    },
    "logging": {
        "none": "logs nothing",
        "metadata": "logs metadata",
        "abuse_monitoring": "logs content for abuse monitoring",
        "full": "logs content in full",
    },
    "transfer": {
        "not_applicable": "transfers nothing out of the EEA",
        "adequacy": "relies on an adequacy decision for transfers",
        "dpf": "relies on the Data Privacy Framework for transfers",
        "bcr": "relies on binding corporate rules for transfers",
        "scc": "relies on standard contractual clauses for transfers",
        "none": "has no tool for transfers out of the EEA",
    },
    "dpa": {
        "in_force": "has a data processing agreement in force",
        "available": "offers a data processing agreement, none is in force",
        "missing": "has no data processing agreement",
    },
    "provider_cache": {
        "none": "caches no prompts",
        "in_memory": "caches prompts in memory",
        "stored": "stores cached prompts",
    },
    "location_guarantee": {
        "contractual": "promises the place of processing by contract",
        "documented": "documents the place of processing without promising it",
        "not_guaranteed": "promises no place of processing",
    },
}

_DEMANDED: Final[Mapping[str, Mapping[str, str]]] = {
    "training": {"no": "no training", "opt_out": "an opt-out at least"},
    "logging": {"none": "no logs", "metadata": "metadata at most", "abuse_monitoring": "abuse monitoring at most"},
    "transfer": {
        "not_applicable": "no transfer",
        "adequacy": "an adequacy decision",
        "dpf": "the Data Privacy Framework or better",
        "bcr": "binding corporate rules or better",
        "scc": "standard contractual clauses or better",
    },
    "dpa": {"in_force": "one in force", "available": "one in force or available"},
    "provider_cache": {"none": "no cache", "in_memory": "a cache in memory at most"},
    "location_guarantee": {"contractual": "a contract", "documented": "documentation at least"},
}
"""Scale -> bound -> what is demanded. The laxest value of a scale bounds only what is unknown: see `_posture`."""

_SETS: Final[Mapping[str, str]] = {
    "processed_in": "processes content in {}",
    "stored_in": "stores content in {}",
    "jurisdiction": "is subject to the law of {}",
    "third_party_access": "lets {} see content",
}

_NONE: Final[Mapping[str, str]] = {
    "processed_in": "processes content nowhere",
    "stored_in": "stores content nowhere",
    "jurisdiction": "is subject to no law that is known",
    "third_party_access": "lets nobody else see content",
}


def as_json(reason: Reason) -> dict[str, Json]:
    """The reason for programs: refusals, the catalogue and `--json` show it alike."""
    return {
        "kind": reason.kind.value,
        "dimension": reason.dimension or None,
        "offered": reason.offered,
        "demanded": _variables(reason) if _is_setting(reason) else reason.demanded,
        "layer": reason.layer or None,
        "policy": reason.policy or None,
    }


def _is_setting(reason: Reason) -> bool:
    return reason.kind in (Kind.NO_CREDENTIAL, Kind.LOCKED_OUT) or reason.dimension == "settings"


def _variables(reason: Reason) -> Json:
    """The environment variables of the settings that a reason demands."""
    if isinstance(reason.demanded, list | tuple):
        return [_variable(str(name)) for name in reason.demanded]
    return _variable(str(reason.demanded))


def _variable(setting: str) -> str:
    provider, _, name = setting.rpartition(".")
    return provider_variable(provider, name)


def sentence(reason: Reason, regions: Regions) -> str:
    """The reason as one sentence without a full stop: `keeps content 30 days; policy eu (key) demands 0`."""
    return _SENTENCES[reason.kind](reason, regions)


def treats(dimension: str, value: Json, regions: Regions) -> str:
    """The treatment of content in one dimension, as a verb phrase. `value` as `posture.word` writes it."""
    if value == "unknown":
        return UNSTATED[dimension]
    if dimension == "retention_days":
        return "keeps nothing" if value == 0 else f"keeps content {_days(value)}"
    if dimension in _SCALES:
        return _SCALES[dimension][str(value)]
    named = places(value, regions)
    return _SETS[dimension].format(named) if named else _NONE[dimension]


def places(value: Json, regions: Regions) -> str:
    """Countries or parties in words; the name of a region where the set is exactly that region."""
    names = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
    if region := next((word for word, countries in regions.items() if countries == frozenset(names)), None):
        return region
    shown = names if len(names) <= _MANY + 1 else [*names[:_MANY], f"{len(names) - _MANY} more"]
    return ", ".join(shown).replace("_", " ")


def _days(value: Json) -> str:
    return "1 day" if value == 1 else f"{value} days"


def _who(reason: Reason, verb: str = "") -> str:
    """The layer that demands it, with a verb in its number: `policy strict (key) demands`."""
    if not reason.layer:
        return f"the layers together {verb}".rstrip()
    verb = f" {verb}s" if verb else ""
    layer = reason.layer.replace("_", " ")
    return f"the {layer}{verb}" if reason.policy in ("", reason.layer) else f"policy {reason.policy} ({layer}){verb}"


def _posture(reason: Reason, regions: Regions) -> str:
    name, offered, demanded = reason.dimension, reason.offered, reason.demanded
    if isinstance(offered, Mapping):
        only = places(demanded, regions) if demanded else "none"
        return (
            f"{treats(name, offered['value'], regions)}, which nobody guarantees; {_who(reason, 'allow')} only {only}"
        )
    if isinstance(demanded, list | tuple):
        beyond = [v for v in offered if v not in demanded] if isinstance(offered, list | tuple) else offered
        only = places(demanded, regions) if demanded else "none"
        return f"{treats(name, beyond, regions)}; {_who(reason, 'allow')} {'only ' * bool(demanded)}{only}"
    if name == "retention_days":
        most = "0" if demanded == 0 else f"at most {demanded}"
        return f"{treats(name, offered, regions)}; {_who(reason, 'demand')} {most}"
    demand = _DEMANDED[name].get(str(demanded), "that this is known")
    return f"{treats(name, offered, regions)}; {_who(reason, 'demand')} {demand}"


def _evidence(reason: Reason, regions: Regions) -> str:
    offered = reason.offered if isinstance(reason.offered, Mapping) else {}
    demanded = reason.demanded if isinstance(reason.demanded, Mapping) else {}
    dated = f"a fact of {offered['dated']}" if offered.get("dated") else "a fact without a date"
    graded = "verified facts" if demanded.get("grade") == "verified" else "facts"
    age = demanded.get("max_age_days")
    accepted = f"{graded} of at most {_days(age)}" if age is not None else f"only {graded}"
    treatment = treats(reason.dimension, offered.get("value"), regions)
    return f"{treatment}, but that is {dated}; {_who(reason, 'accept')} {accepted}"


def _price(reason: Reason, _: Regions) -> str:
    return (
        f"costs {reason.offered} USD per million {reason.dimension} tokens; {_who(reason, 'allow')} {reason.demanded}"
    )


def _unpriced(reason: Reason, _: Regions) -> str:
    if reason.dimension == "budget":
        return "has no known price, and a hard budget applies"
    if reason.dimension not in ("input", "output"):
        return f"has no known price for `{reason.dimension}`, which the request asks for, and a hard budget applies"
    return f"has no known {reason.dimension} price; {_who(reason, 'allow')} {reason.demanded} USD per million tokens"


_ABLE: Final[Mapping[str, str]] = {
    "tools": "tools",
    "vision": "images",
    "audio": "audio",
    "documents": "documents",
    "structured_output": "structured output",
    "reasoning": "reasoning",
    "streaming": "streaming",
}


def _capability(reason: Reason, _: Regions) -> str:
    if reason.dimension == "endpoint":
        return f"is a model for {reason.offered}; the request came to {reason.demanded}"
    able = _ABLE.get(reason.dimension, reason.dimension)
    if reason.offered is None:
        return f"is not known to support {able}; {_who(reason, 'want')} to be sure"
    return f"does not support {able}"


def _excluded(reason: Reason, _: Regions) -> str:
    allowed = ", ".join(map(str, reason.demanded)) if isinstance(reason.demanded, list | tuple) else ""
    match reason.dimension:
        case "pinned":
            return f"is not at {reason.demanded}, to which the request is pinned"
        case "ignored":
            return f"is ignored by {_who(reason)} ({reason.offered})"
        case "quantizations":
            return f"runs at quantization {reason.offered}; {_who(reason, 'allow')} only {allowed or 'none'}"
    kind = "providers" if reason.dimension == "only_providers" else "models"
    return f"is not among the {kind} that {_who(reason, 'allow')}: {allowed or 'none'}"


def _not_callable(reason: Reason, _: Regions) -> str:
    if reason.dimension == "dialect":
        return f"speaks {reason.offered}, which this version does not"
    if reason.dimension == "settings":
        missing = _variables(reason)
        names = ", ".join(map(str, missing)) if isinstance(missing, list) else missing
        return f"needs its account's own address: set {names}"
    return f"cannot be called: {reason.offered}"


def _retired(reason: Reason, _: Regions) -> str:
    ended = f"ended on {reason.offered}" if reason.offered else "is withdrawn by its provider"
    return f"{ended}; its successor is {reason.demanded}" if reason.demanded else str(ended)


def _no_credential(reason: Reason, _: Regions) -> str:
    variables = _variables(reason)
    named = " or ".join(map(str, variables)) if isinstance(variables, list) else variables
    return f"has no credential: set {named}"


def _locked_out(reason: Reason, _: Regions) -> str:
    return _LOCKED_OUT.get(str(reason.offered), _NO_SCOPE).format(_variables(reason))


def _cooling_down(reason: Reason, _: Regions) -> str:
    if reason.offered == FaultScope.RATE.value:
        return "limits the rate of this gateway and is left alone for the time that it states"
    return "failed a moment ago and is left alone for some seconds"


_NO_SCOPE: Final = "refused our credential: renew {} and reload"
_LOCKED_OUT: Final[Mapping[str, str]] = {
    FaultScope.CREDENTIAL.value: _NO_SCOPE,
    FaultScope.ACCOUNT.value: "refuses the account (balance, quota or location): mend the account of {}, and reload",
    FaultScope.NOT_ENABLED.value: "does not let the account of {} use the model: enable it there, and reload",
    FaultScope.WITHDRAWN.value: "says that it does not serve the model: correct or remove the route, and reload",
}

_SENTENCES: Final[Mapping[Kind, Callable[[Reason, Regions], str]]] = {
    Kind.POSTURE: _posture,
    Kind.EVIDENCE: _evidence,
    Kind.PRICE: _price,
    Kind.CAPABILITY: _capability,
    Kind.EXCLUDED: _excluded,
    Kind.UNPRICED: _unpriced,
    Kind.NOT_CALLABLE: _not_callable,
    Kind.RETIRED: _retired,
    Kind.NO_CREDENTIAL: _no_credential,
    Kind.LOCKED_OUT: _locked_out,
    Kind.COOLING_DOWN: _cooling_down,
}
