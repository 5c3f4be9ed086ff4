"""`catalog/<provider>.toml`: one provider record, its connection, its posture, its exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from gateway.core.catalog import (
    Auth,
    Billing,
    Connection,
    ControlPlane,
    Facts,
    Feature,
    Provider,
    TreatmentException,
)
from gateway.core.operation import CHAT
from gateway.core.posture import UNKNOWN
from gateway.core.token_kinds import TOKEN_KINDS, TokenAuth
from gateway.declarations.evidence import RecordEvidence, read_evidence
from gateway.declarations.facts import read_facts
from gateway.declarations.faults import one_of, shown
from gateway.declarations.names import named_as_file, read_name
from gateway.declarations.prices import read_fees, read_terms
from gateway.declarations.reader import Page, Table, labelled
from gateway.declarations.regions import Regions
from gateway.declarations.routes import DraftRoute, read_also, read_route
from gateway.dialects.registry import REGISTRY

_UNSPOKEN: Final = ("none",)
"""Languages of providers that are on record and cannot be called."""
DIALECTS: Final = {word: word for word in (*REGISTRY.answering(CHAT), *_UNSPOKEN)}
_AUTHS: Final = {auth.value: auth for auth in Auth}
_FEATURES: Final = {feature.value: feature for feature in Feature}
_OUTPUT_LIMITS: Final = {word: word for word in ("max_tokens", "max_completion_tokens")}
_STREAM_USAGES: Final = {word: word for word in ("option", "always")}
_SYSTEM_ROLES: Final = {word: word for word in ("system", "developer")}
_INTERNAL: Final = (".internal", ".intranet", ".local", ".localhost", ".lan", ".home.arpa", ".svc")
"""Endings of names that no public name server answers."""
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_PATH: Final = re.compile(r"(/([A-Za-z0-9._~-]+|\{model\}))+")
_GENERATION_PATH: Final = re.compile(r"/[A-Za-z0-9/._~?=&-]*\{id\}[A-Za-z0-9/._~=&-]*")
_QUERY: Final = re.compile(r"[A-Za-z0-9._~-]+=[A-Za-z0-9._~-]+(&[A-Za-z0-9._~-]+=[A-Za-z0-9._~-]+)*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SETTING: Final = re.compile(r"[a-z][a-z0-9_]*")
_GIVEN: Final = "{base_url}"
"""The whole address, or all but its path, is the operator's to give."""
_OF_CREDENTIALS: Final = frozenset({"key", "key_file"}).union(*(kind.settings for kind in TOKEN_KINDS.values()))
"""Settings of these names would be the credential's own variables."""


@dataclass(frozen=True, slots=True)
class ProviderDocument:
    """A record as its document states it; the routes still name their models. `exceptions`: their tables, in order."""

    provider: Provider
    routes: tuple[DraftRoute, ...]
    exceptions: tuple[Table, ...]


def read_provider(page: Page, stem: str, regions: Regions, pinned: date | None) -> ProviderDocument:
    """`pinned`: the day that stands in for every `read_on` of the bundled provider; None for a record of `config/`."""
    root = page.root
    root.require(
        id=f'id = "{stem}"',
        name='name = "the provider, as people know it"',
        operator='operator = "the legal entity or trade name"',
        connection="[connection] and its keys",
        posture="[posture] and its dimensions",
    )
    if pinned is None:
        root.require(read_on="read_on = 2026-11-23")
    evidence = read_evidence(root, RecordEvidence(read_on=pinned, pinned=pinned))
    tables = tuple(root.tables("exceptions", labelled("id")))
    provider = Provider(
        id=named_as_file(root, "id", stem),
        name=root.text("name"),
        operator=root.text("operator"),
        connection=_connection(root.table("connection")),
        facts=read_facts(root.table("posture"), regions, evidence),
        exceptions=tuple(_exception(table, regions, evidence) for table in tables),
        obtainable=_obtainable(root.table("obtainable"), regions, evidence),
        parent=root.text("parent") or None,
        plan=root.text("plan"),
        read_on=evidence.read_on,
        verified_on=evidence.verified_on,
        sources=evidence.sources,
        notes=root.mapping("notes"),
        sandbox=pinned is not None,
        closed_models_of=frozenset(root.words("closed_models_of") or ()),
        billing=_billing(root.table("billing"), pinned),
    )
    _distinct(tables, provider)
    routes = tuple(read_route(table, pinned) for table in root.tables("routes", labelled("model")))
    for route in routes if provider.connection.sends else ():
        if route.dialect or route.also:
            route.table.fault(
                "dialect", "the members that the record sends exist in its own dialect alone", "remove it"
            )
    return ProviderDocument(provider, routes, tables)


def _billing(table: Table | None, pinned: date | None) -> Billing:
    """`[billing]`: facts that hold for every route of the record."""
    if table is None:
        return Billing()
    table.require(source='source = "the provider\'s page"')
    if pinned is None:
        table.require(read_on="read_on = 2026-11-23")
    word = table.raw("bills_after_disconnect")
    bills = None if word == "unknown" else table.flag("bills_after_disconnect")
    return Billing(
        bills,
        **read_fees(table),
        terms=read_terms(table),
        source=table.text("source"),
        read_on=pinned or table.past_day("read_on"),
        generation_path=_generation_path(table),
    )


def _generation_path(table: Table) -> str:
    path = table.text("generation_path")
    if path and not _GENERATION_PATH.fullmatch(path):
        do = 'write one such as "/generation?id={id}"'
        table.fault("generation_path", f"{shown(path)} must be a path with {{id}} in its place", do)
        return ""
    return path


def _connection(table: Table | None) -> Connection:
    if table is None:
        return Connection("none", Auth.NONE, "")
    table.require(dialect='dialect = "openai_chat"', auth='auth = "bearer"')
    settings, address = table.words("settings") or (), table.text("base_url")
    dialect = table.choice("dialect", DIALECTS) or "none"
    connection = Connection(
        dialect=dialect,
        auth=table.choice("auth", _AUTHS) or Auth.NONE,
        base_url=address or (_GIVEN if "base_url" in settings else ""),
        settings=settings,
        output_limit=table.choice("output_limit", _OUTPUT_LIMITS) or "max_tokens",
        stream_usage=table.choice("stream_usage", _STREAM_USAGES) or "option",
        accepts_store=table.flag("accepts_store") or False,
        why_not=_why_not(table),
        source=table.text("source"),
        also=read_also(table) or (),
        system_role=table.choice("system_role", _SYSTEM_ROLES) or "system",
        lenient=table.flag("lenient") is not False,
        other_kinds={} if table.flag("embeddings") is False else REGISTRY.other_kinds(dialect),
        token=_token(table.table("token"), settings),
        sends=_sends(table, dialect),
        paths=_by_dialect(table.table("paths"), _path),
        carriers=_by_dialect(table.table("carriers"), _carrier),
        values=_values(table.table("values"), settings),
        deployments=table.flag("deployments") or False,
        query=_query(table),
        destinations=_destinations(table.table("destinations"), settings),
    )
    if connection.dialect in connection.also:
        table.fault("also_speaks", f"{shown(connection.dialect)} is its dialect already", "remove it")
    _settings(table, connection)
    if not connection.why_not:
        _can_be_called(table, connection)
    if address and not address.startswith(_GIVEN) and not _may_carry_prompts(address):
        table.fault(
            "base_url",
            f"{shown(address)} is neither https:// nor http:// within your own network",
            "write the whole address, with https; http only for loopback, private addresses and internal names",
        )
    return connection


def _sends(table: Table, dialect: str) -> Mapping[str, str]:
    """`[connection.sends]`: members of the record's own dialect that fix the place of processing."""
    sends, known = table.mapping("sends"), REGISTRY.placing.get(dialect, ())
    for name in sends:
        if name not in known:
            table.fault("sends", f"{shown(name)} cannot be sent in {dialect}", one_of(name, known))
    if sends and table.raw("also_speaks"):
        table.fault("also_speaks", "the members of sends exist in one dialect alone", "remove also_speaks, or sends")
    return sends


def _token(table: Table | None, settings: tuple[str, ...]) -> TokenAuth | None:
    """`[connection.token]`: the kind, and its parameters, which may hold places of the record's own settings."""
    if table is None:
        return None
    table.require(kind=f"kind = {_quoted(TOKEN_KINDS)}")
    name = table.choice("kind", {kind: kind for kind in TOKEN_KINDS})
    if name is None:
        return None
    parameters = {parameter: table.text(parameter) for parameter in TOKEN_KINDS[name].parameters}
    for parameter, default in TOKEN_KINDS[name].parameters.items():
        if not parameters[parameter] and not default:
            table.fault(parameter, "is missing", f'add {parameter} = "…"')
        for place in _PLACE.findall(parameters[parameter]):
            if place not in settings:
                table.fault(parameter, f"{{{place}}} is not in settings of the connection", f'add "{place}" there')
    return TokenAuth(name, {parameter: value for parameter, value in parameters.items() if value})


def _by_dialect(table: Table | None, read: Callable[[Table, str], str]) -> Mapping[str, str]:
    """`[connection.paths]` and the like: dialect -> what holds for it."""
    return {} if table is None else {word: value for word in REGISTRY.wires if (value := read(table, word))}


def _path(table: Table, dialect: str) -> str:
    path = table.text(dialect)
    if path and not _PATH.fullmatch(path):
        table.fault(dialect, f"{shown(path)} is not a path", 'write one such as "/anthropic/v1", without a final slash')
        return ""
    return path


def _query(table: Table) -> str:
    query = table.text("query")
    if query and not _QUERY.fullmatch(query):
        table.fault("query", f"{shown(query)} is not a query", 'write one such as "api-version=2024-10-21"')
        return ""
    return query


def _carrier(table: Table, dialect: str) -> str:
    known = REGISTRY.carriers.get(dialect, ())
    return table.choice(dialect, {name: name for name in known}) or ""


def _values(table: Table | None, settings: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """`[connection.values]`: setting -> the values for which the record's statements hold."""
    return {} if table is None else {name: words for name in settings if (words := table.words(name))}


def _destinations(table: Table | None, settings: tuple[str, ...]) -> ControlPlane | None:
    """`[connection.destinations]`: the control plane, and the country of each region that it may name."""
    if table is None:
        return None
    table.require(url='url = "https://…"', countries="[connection.destinations.countries] and its regions")
    url = table.text("url")
    for place in _PLACE.findall(url):
        if place not in settings:
            table.fault("url", f"{{{place}}} is not in settings of the connection", f'add "{place}" there')
    if url and not _may_carry_prompts(url):
        table.fault("url", f"{shown(url)} is not https://", "write the whole address, with https")
    countries = table.mapping("countries")
    for region, country in countries.items():
        if not _COUNTRY.fullmatch(country):
            table.fault(
                "countries",
                f"{shown(country)} cannot be the country of {region}",
                'write a code of two letters, such as "DE"',
            )
    return ControlPlane(url, countries)


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)


def _may_carry_prompts(address: str) -> bool:
    """Encrypted, or not leaving the operator's own network: loopback, private addresses, names that no one else has."""
    try:
        parts = urlsplit(address.replace("{", "").replace("}", ""))
    except ValueError:  # brackets that hold no address
        return False
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    try:
        own = ip_address(host).is_private
    except ValueError:
        own = "." not in host or host.endswith(_INTERNAL)
    return parts.scheme == "http" and bool(host) and own


def _why_not(table: Table) -> str:
    callable_, why_not = table.flag("callable"), table.text("why_not")
    if callable_ is False and not why_not:
        table.fault("why_not", "is missing, and callable = false", 'add why_not = "the reason"')
        return "no reason is stated"
    if callable_ is not False and why_not:
        table.fault("why_not", "gives a reason, and the record is callable", "write callable = false, or remove it")
    return why_not


def _settings(table: Table, connection: Connection) -> None:
    """Each place in the address is a setting, each setting a place."""
    places = _PLACE.findall(connection.base_url)
    for name in connection.settings:
        if not _SETTING.fullmatch(name) or name in _OF_CREDENTIALS:
            table.fault("settings", f"{shown(name)} cannot be a setting", "use lower-case letters, digits and _")
        elif name not in places:
            table.fault("settings", f"{shown(name)} has no place in base_url", f"write {{{name}}} there, or remove it")
    for name in places:
        if name not in connection.settings:
            table.fault("base_url", f"{{{name}}} is not in settings", f'write settings = ["{name}"]')


def _can_be_called(table: Table, connection: Connection) -> None:
    if table.raw("dialect") == "none":
        table.fault("dialect", "a record without a dialect cannot be called", 'add callable = false and why_not = "…"')
    if not connection.base_url:
        table.fault("base_url", "is missing", 'add it, or settings = ["base_url"] if the operator gives the address')


def _exception(table: Table, regions: Regions, inherited: RecordEvidence) -> TreatmentException:
    table.require(id='id = "what-it-is-about"', posture="[exceptions.posture] and the dimensions that are worse")
    models = table.words("models")
    if models == ():
        table.fault("models", "an exception for no model", "list the models, or leave it out to mean every model")
    posture = table.table("posture")
    facts = read_facts(posture, regions, read_evidence(table, inherited))
    if posture is not None and not facts:
        posture.fault("", "states no dimension", 'write what is worse, or training = "unknown" and the like')
    return TreatmentException(
        id=read_name(table, "id"),
        facts=facts,
        models=None if models is None else frozenset(models),
        features=table.chosen("features", _FEATURES) or frozenset(),
        note=table.text("note"),
    )


def _distinct(tables: tuple[Table, ...], provider: Provider) -> None:
    seen: set[str] = set()
    for table, exception in zip(tables, provider.exceptions, strict=True):
        if exception.id and exception.id in seen:
            table.fault("id", f"{shown(exception.id)} is declared already", "give it a name of its own")
        seen.add(exception.id)


def _obtainable(table: Table | None, regions: Regions, evidence: RecordEvidence) -> Facts:
    facts = read_facts(table, regions, evidence)
    for name, fact in facts.items():
        if table is not None and fact.value is UNKNOWN:
            table.fault(name, "nobody can obtain what is unknown", "write what a contract could put in force")
    return {name: fact for name, fact in facts.items() if fact.value is not UNKNOWN}
