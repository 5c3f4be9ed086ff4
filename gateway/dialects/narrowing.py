"""Policies of the request layer, read from the request itself in the vocabulary that clients already use.

The body object `provider` (as OpenRouter names its members, and a few of ours), or the same object or a bare policy
name in the header `x-safeconduct-policy`. It can only narrow, and it never travels upstream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.core.policy import MaxPrice, Policy, Preference, RouteRules, SortKey
from gateway.core.posture import Logging, Posture, Training, Transfer
from gateway.core.snapshot import Snapshot
from gateway.dialects import strict_json

HEADER: Final = "x-safeconduct-policy"
_MAX_NAMES: Final = 64
_LONGEST_NAME: Final = 256
"""Reasons repeat what a request demands, once for each route."""
_PLACES: Final = ("processed_in", "stored_in", "jurisdiction")
_PRICE: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,9})?", re.ASCII)
_PRICE_MOST: Final = 1_000_000
"""USD per million tokens: a dollar for a token."""
_PRICE_STEP: Final = Decimal("0.000000001")
_TEXT_MOST: Final = 4_096
"""Characters of all names of a list."""
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
        values = strict_json.read(text.encode()).values
    except InvalidRequest:
        what = "must be the name of a policy, or a JSON object without duplicate keys"
        raise InvalidRequest(f"The header {HEADER} {what}.", header=HEADER) from None
    return from_object(values, snapshot)


def from_object(narrowing: object, snapshot: Snapshot) -> tuple[Policy, ...]:
    """The policies that a `provider` object asks for. InvalidRequest names the member at fault, never its value."""
    if not isinstance(narrowing, Mapping):
        raise _fault("", "must be an object")
    if any(name not in _KNOWN for name in narrowing):
        raise InvalidRequest("`provider` has a member that is not known here.", field="provider", known=sorted(_KNOWN))
    named = (_declared(_text(narrowing, "policy"), snapshot),) if narrowing.get("policy") is not None else ()
    own = Policy(
        "request", bound=_bound(narrowing, snapshot), rules=_rules(narrowing, snapshot), prefer=_preference(narrowing)
    )
    return (*named, own)


def _bound(narrowing: Mapping[str, Any], snapshot: Snapshot) -> Posture:
    bound = Posture(
        **{name: _countries(narrowing, name, snapshot) for name in _PLACES if narrowing.get(name) is not None}  # type: ignore[arg-type]
    )
    if narrowing.get("transfer") is not None:
        bound = bound.meet(Posture(transfer=_transfer(narrowing)))
    if narrowing.get("zdr") is not None and _flag(narrowing, "zdr"):
        bound = bound.meet(Posture(retention_days=0))
    match narrowing.get("data_collection"):
        case None | "allow":
            return bound
        case "deny":
            return bound.meet(Posture(training=Training.NO, logging=Logging.ABUSE_MONITORING))
    raise _fault("data_collection", 'must be "allow" or "deny"')


def _rules(narrowing: Mapping[str, Any], snapshot: Snapshot) -> RouteRules:
    return RouteRules(
        only_providers=_names(narrowing, "only"),
        ignored=_ignored(narrowing, snapshot),
        max_price=_max_price(narrowing),
        quantizations=_names(narrowing, "quantizations"),
        requires_parameters=_flag(narrowing, "require_parameters"),
        allows_failover=_flag(narrowing, "allow_fallbacks", default=True),
    )


def _ignored(narrowing: Mapping[str, Any], snapshot: Snapshot) -> frozenset[str]:
    """Names to leave out. A name of nothing would leave out nothing, unlike what its writer meant: InvalidRequest."""
    names = _names(narrowing, "ignore") or frozenset()
    declared = (snapshot.providers, snapshot.models, snapshot.routes)
    if not all(any(name in names_of for names_of in declared) for name in names):
        raise _fault("ignore", "must name declared providers, models or routes")
    return names


def _preference(narrowing: Mapping[str, Any]) -> Preference | None:
    explicit = tuple(_listed(narrowing, "order") or ())
    sort = narrowing.get("sort")
    if sort is None:
        return Preference(explicit) if explicit else None
    try:
        return Preference(explicit, (SortKey(sort),))
    except ValueError:
        pass
    raise _fault("sort", "must be one of price, latency, throughput")


def _max_price(narrowing: Mapping[str, Any]) -> MaxPrice:
    price = narrowing.get("max_price")
    if price is None:
        return MaxPrice()
    if not isinstance(price, Mapping) or set(price) - {"prompt", "completion", "input", "output"}:
        raise _fault("max_price", "must be an object with prompt and completion, in USD per million tokens")
    return MaxPrice(_money(price, "prompt", "input"), _money(price, "completion", "output"))


def _money(price: Mapping[str, Any], *names: str) -> Decimal | None:
    value = next((price[name] for name in names if price.get(name) is not None), None)
    if value is None:
        return None
    amount = _amount(value)
    if amount is None:
        raise _fault("max_price", f"must hold amounts from 0 to {_PRICE_MOST}, with at most nine decimals")
    return amount


def _amount(value: object) -> Decimal | None:
    """A price in plain digits; None for anything else."""
    if isinstance(value, str):
        return Decimal(value) if _PRICE.fullmatch(value) and Decimal(value) <= _PRICE_MOST else None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _PRICE_MOST:
        return None
    amount = Decimal(str(value))
    return amount if amount == amount.quantize(_PRICE_STEP) else None


def _countries(narrowing: Mapping[str, Any], name: str, snapshot: Snapshot) -> frozenset[str]:
    countries: set[str] = set()
    for word in _listed(narrowing, name) or ():
        if word in snapshot.regions:
            countries |= snapshot.regions[word]
        elif len(word) == 2 and word.isascii() and word.isupper():
            countries.add(word)
        else:
            raise _fault(name, "must list region words of config/regions.toml or two-letter country codes")
    return frozenset(countries)


def _transfer(narrowing: Mapping[str, Any]) -> Transfer:
    words = {t.name.lower(): t for t in Transfer}
    transfer = words.get(_text(narrowing, "transfer"))
    if transfer is None:
        raise _fault("transfer", f"must be one of {', '.join(words)}")
    return transfer


def _declared(name: str, snapshot: Snapshot) -> Policy:
    policy = snapshot.policies.get(name)
    if policy is None:
        raise InvalidRequest(
            "The policy must be one of those declared here.", field="policy", known=sorted(snapshot.policies)
        )
    return policy


def _names(narrowing: Mapping[str, Any], name: str) -> frozenset[str] | None:
    listed = _listed(narrowing, name)
    return None if listed is None else frozenset(listed)


def _listed(narrowing: Mapping[str, Any], name: str) -> list[str] | None:
    value = narrowing.get(name)
    if value is None:
        return None
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > _MAX_NAMES or not all(map(_is_name, listed)):
        raise _fault(name, f"must be a list of at most {_MAX_NAMES} strings of at most {_LONGEST_NAME} characters")
    if sum(map(len, listed)) > _TEXT_MOST:
        raise _fault(name, f"must hold at most {_TEXT_MOST} characters in all")
    return listed


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _text(narrowing: Mapping[str, Any], name: str) -> str:
    value = narrowing[name]
    if not isinstance(value, str):
        raise _fault(name, "must be a string")
    return value


def _flag(narrowing: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = narrowing.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _fault(name, "must be true or false")
    return value


def _fault(name: str, what: str) -> InvalidRequest:
    field = f"provider.{name}" if name else "provider"
    return InvalidRequest(f"`{field}` {what}.", field=field)
