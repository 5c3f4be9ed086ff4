"""What a request itself asks for, in the vocabulary that clients already use, as policies of the request layer.

The body object `provider` (as OpenRouter names its members, and a few of ours), or the same object or a bare policy
name in the header `x-safeconduct-policy`. It can only narrow, and it never travels upstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from gateway.core.errors import InvalidRequest
from gateway.core.policy import MaxPrice, Policy, Preference, RouteRules, SortKey
from gateway.core.posture import Logging, Posture, Training, Transfer
from gateway.core.snapshot import Snapshot

HEADER: Final = "x-safeconduct-policy"
_MAX_NAMES: Final = 64
_LONGEST_NAME: Final = 256
"""Reasons repeat what a request demands, once for each route."""
_PLACES: Final = ("processed_in", "stored_in", "jurisdiction")
_KNOWN: Final = frozenset(
    {"only", "ignore", "order", "sort", "max_price", "allow_fallbacks", "require_parameters", "quantizations"}
    | {"data_collection", "zdr", "transfer", "policy", *_PLACES}
)


def from_header(value: str, snapshot: Snapshot) -> tuple[Policy, ...]:
    """The policies that the header asks for: a JSON object as in the body, or the name of a declared policy."""
    text = value.strip()
    if not text:
        return ()
    if not text.startswith("{"):
        return (_declared(text, snapshot),)
    try:
        wanted = orjson.loads(text)
    except orjson.JSONDecodeError:
        wanted = None
    if not isinstance(wanted, dict):
        raise InvalidRequest(f"The header {HEADER} holds neither a policy's name nor a JSON object.", header=HEADER)
    return from_object(wanted, snapshot)


def from_object(wanted: object, snapshot: Snapshot) -> tuple[Policy, ...]:
    """The policies that a `provider` object asks for. InvalidRequest names the member at fault, never its value."""
    if not isinstance(wanted, Mapping):
        raise _fault("", "must be an object")
    if any(name not in _KNOWN for name in wanted):
        raise InvalidRequest("`provider` has a member that is not known here.", field="provider", known=sorted(_KNOWN))
    named = (_declared(_text(wanted, "policy"), snapshot),) if wanted.get("policy") is not None else ()
    own = Policy("request", bound=_bound(wanted, snapshot), rules=_rules(wanted), prefer=_preference(wanted))
    return (*named, own)


def _bound(wanted: Mapping[str, Any], snapshot: Snapshot) -> Posture:
    bound = Posture(
        **{name: _countries(wanted, name, snapshot) for name in _PLACES if wanted.get(name) is not None}  # type: ignore[arg-type]
    )
    if wanted.get("transfer") is not None:
        bound = bound.meet(Posture(transfer=_transfer(wanted)))
    if wanted.get("zdr") is not None and _flag(wanted, "zdr"):
        bound = bound.meet(Posture(retention_days=0))
    match wanted.get("data_collection"):
        case None | "allow":
            return bound
        case "deny":
            return bound.meet(Posture(training=Training.NO, logging=Logging.ABUSE_MONITORING))
    raise _fault("data_collection", 'must be "allow" or "deny"')


def _rules(wanted: Mapping[str, Any]) -> RouteRules:
    return RouteRules(
        only_providers=_names(wanted, "only"),
        ignored=_names(wanted, "ignore") or frozenset(),
        max_price=_max_price(wanted),
        quantizations=_names(wanted, "quantizations"),
        requires_parameters=_flag(wanted, "require_parameters"),
        allows_failover=_flag(wanted, "allow_fallbacks", default=True),
    )


def _preference(wanted: Mapping[str, Any]) -> Preference | None:
    explicit = tuple(_listed(wanted, "order") or ())
    sort = wanted.get("sort")
    if sort is None:
        return Preference(explicit) if explicit else None
    try:
        return Preference(explicit, (SortKey(sort),))
    except ValueError:
        pass
    raise _fault("sort", "must be one of price, latency, throughput")


def _max_price(wanted: Mapping[str, Any]) -> MaxPrice:
    given = wanted.get("max_price")
    if given is None:
        return MaxPrice()
    if not isinstance(given, Mapping) or set(given) - {"prompt", "completion", "input", "output"}:
        raise _fault("max_price", "must be an object with prompt and completion, in USD per million tokens")
    return MaxPrice(_money(given, "prompt", "input"), _money(given, "completion", "output"))


def _money(given: Mapping[str, Any], *names: str) -> Decimal | None:
    value = next((given[name] for name in names if given.get(name) is not None), None)
    if value is None:
        return None
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise _fault("max_price", "must hold amounts of at least 0")
    return amount


def _countries(wanted: Mapping[str, Any], name: str, snapshot: Snapshot) -> frozenset[str]:
    found: set[str] = set()
    for word in _listed(wanted, name) or ():
        if word in snapshot.regions:
            found |= snapshot.regions[word]
        elif len(word) == 2 and word.isascii() and word.isupper():
            found.add(word)
        else:
            raise _fault(name, "must list region words of config/regions.toml or two-letter country codes")
    return frozenset(found)


def _transfer(wanted: Mapping[str, Any]) -> Transfer:
    words = {t.name.lower(): t for t in Transfer}
    found = words.get(_text(wanted, "transfer"))
    if found is None:
        raise _fault("transfer", f"must be one of {', '.join(words)}")
    return found


def _declared(name: str, snapshot: Snapshot) -> Policy:
    policy = snapshot.policies.get(name)
    if policy is None:
        raise InvalidRequest("There is no policy of that name here.", field="policy", known=sorted(snapshot.policies))
    return policy


def _names(wanted: Mapping[str, Any], name: str) -> frozenset[str] | None:
    listed = _listed(wanted, name)
    return None if listed is None else frozenset(listed)


def _listed(wanted: Mapping[str, Any], name: str) -> list[str] | None:
    value = wanted.get(name)
    if value is None:
        return None
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > _MAX_NAMES or not all(map(_is_name, listed)):
        raise _fault(name, f"must be a list of at most {_MAX_NAMES} strings of at most {_LONGEST_NAME} characters")
    return listed


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _text(wanted: Mapping[str, Any], name: str) -> str:
    value = wanted[name]
    if not isinstance(value, str):
        raise _fault(name, "must be a string")
    return value


def _flag(wanted: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = wanted.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _fault(name, "must be true or false")
    return value


def _fault(name: str, what: str) -> InvalidRequest:
    field = f"provider.{name}" if name else "provider"
    return InvalidRequest(f"`{field}` {what}.", field=field)
