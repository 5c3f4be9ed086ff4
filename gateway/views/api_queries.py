"""Members of a query as parameters of `/openapi.json`, with the values that each takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.posture import SCALES, Party
from gateway.stores.ledger.ledger import GROUPS
from gateway.views.countries import NAMES
from gateway.views.places import MEASURES

_TEXT: Final[Mapping[str, Json]] = {"type": "string", "minLength": 1, "maxLength": 256}
_DAY: Final[Mapping[str, Json]] = {"type": "string", "format": "date"}
_DAYS_MOST: Final = 36_500
_SPEND: Final = ("team", "key", "model", "provider", "route", "policy", "countries")


@frozen
class DeclaredWords:
    """Words of the documents in force that queries take: names of regions, and the currency of the ledger."""

    regions: tuple[str, ...]
    currency: str


def query_parameter(path: str, name: str, required: bool, words: DeclaredWords) -> dict[str, Json]:
    """The parameter of that name at the endpoint of `path`."""
    schema = {**_schema(path, name, words)}
    if schema == _TEXT and not required:
        return {"name": name, "in": "query", "required": False, "schema": {"type": "string", "maxLength": 256}}
    if schema.get("type") == "array":
        listed: dict[str, Json] = {"style": "form", "explode": False, "schema": schema}
    else:
        listed = {"schema": schema if required else {"anyOf": [schema, {"const": ""}]}}
    return {"name": name, "in": "query", "required": required, **listed}


def _schema(path: str, name: str, words: DeclaredWords) -> Mapping[str, Json]:
    if name == "by":
        return {"/v1/usage": _list_of(*GROUPS), "/v1/spend": _list_of(*_SPEND)}.get(path, _one_of(*MEASURES))
    if name in ("processed_in", "stored_in", "jurisdiction"):
        return _list_of(*words.regions, *NAMES)
    if name == "home":
        return _one_of(*words.regions)
    if name == "currency":
        return _one_of(words.currency)
    return _SCHEMAS.get(name, _TEXT)


def _one_of(*values: str) -> Mapping[str, Json]:
    return {"type": "string", "enum": [*values]}


def _list_of(*values: str) -> Mapping[str, Json]:
    """A list with commas between, without repeats."""
    return {"type": "array", "minItems": 1, "maxItems": 8, "uniqueItems": True, "items": {**_one_of(*values)}}


def _whole(least: int, most: int) -> Mapping[str, Json]:
    return {"type": "integer", "minimum": least, "maximum": most}


_SCHEMAS: Final[Mapping[str, Mapping[str, Json]]] = {
    **{name: _one_of(*(member.name.lower() for member in scale)) for name, scale in SCALES.items()},
    "since": _DAY,
    "until": _DAY,
    "limit": _whole(1, 200),
    "retention_days": _whole(0, _DAYS_MOST),
    "third_party_access": _list_of("none", *(party.value for party in Party)),
    "evidence": {"anyOf": [{"const": "verified"}, _whole(1, _DAYS_MOST)]},
}
