"""Valid values with one thing changed: `a_route(price=a_price(input="3"))`.

Every builder gives a value that is accepted everywhere; a test changes only what it is about. Times are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from gateway.core.catalog import (
    Abilities,
    Auth,
    Connection,
    Fact,
    Facts,
    Feature,
    Grant,
    Model,
    Provider,
    Route,
    RouteId,
    TreatmentException,
)
from gateway.core.cost import Fx, Price, Rates
from gateway.core.demand import Demand
from gateway.core.evaluation import Capabilities
from gateway.core.evidence import Source
from gateway.core.health import FaultScope, Health, Outage
from gateway.core.operation import CHAT
from gateway.core.organisation import Organisation, Team
from gateway.core.policy import UNRESTRICTED, EffectivePolicy, Layer, LayerKind, Policy, combine
from gateway.core.posture import (
    Dpa,
    LocationGuarantee,
    Logging,
    Posture,
    ProviderCache,
    Training,
    Transfer,
    Value,
)
from gateway.core.principal import Key, KeyId, Principal, principal
from gateway.core.receipt import AttemptRecord, Receipt, ReceiptId
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

KIND_TREATMENT = Posture(
    processed_in=frozenset({"SE"}),
    stored_in=frozenset(),
    retention_days=0,
    training=Training.NO,
    logging=Logging.NONE,
    third_party_access=frozenset(),
    jurisdiction=frozenset({"SE"}),
    transfer=Transfer.NOT_APPLICABLE,
    dpa=Dpa.IN_FORCE,
    provider_cache=ProviderCache.NONE,
    location_guarantee=LocationGuarantee.CONTRACTUAL,
)
"""The treatment of the default provider: everything known, everything good."""


def a_posture(**changed: Any) -> Posture:
    return replace(KIND_TREATMENT, **changed)


def a_fact(value: Value, **changed: Any) -> Fact:
    """Read today and verified today, unless changed."""
    return replace(
        Fact(value, read_on=TODAY, verified_on=TODAY, sources=(Source("https://provider.example/terms"),)), **changed
    )


def some_facts(**values: Value) -> Facts:
    """A sheet of these dimensions only, each read and verified today."""
    return {name: a_fact(value) for name, value in values.items()}


def facts_of(posture: Posture, **evidence: Any) -> Facts:
    """A complete sheet: one fact per dimension; `read_on` and `verified_on` may be changed for all of them."""
    return {name: a_fact(value, **evidence) for name, value in posture}


def a_connection(**changed: Any) -> Connection:
    connection = replace(Connection("openai_chat", Auth.BEARER, "https://api.provider.example/v1"), **changed)
    return (
        connection
        if "other_kinds" in changed
        else replace(connection, other_kinds=REGISTRY.other_kinds(connection.dialect))
    )


def a_provider(id: str = "alpha", **changed: Any) -> Provider:
    """One whose posture is KIND_TREATMENT; `facts=facts_of(a_posture(training=Training.YES))` makes it another."""
    provider = Provider(
        id=id,
        name=id.title(),
        operator=f"{id.title()} AB",
        connection=a_connection(),
        facts=facts_of(KIND_TREATMENT),
        read_on=TODAY,
        verified_on=TODAY,
        sources=(Source("https://provider.example/terms"),),
    )
    return replace(provider, **changed)


def an_exception(id: str = "special", **changed: Any) -> TreatmentException:
    return replace(TreatmentException(id, some_facts(retention_days=30)), **changed)


def a_grant(provider: str = "alpha", **changed: Any) -> Grant:
    return replace(Grant(provider, some_facts(retention_days=0), evidence="contract 7"), **changed)


def some_abilities(**changed: Any) -> Abilities:
    """Everything a chat model with tools and pictures can do."""
    able = Abilities(
        tools=True,
        structured_output=True,
        reasoning=True,
        inputs=frozenset({"text", "image"}),
        outputs=frozenset({"text"}),
        context=128_000,
        max_output=16_384,
    )
    return replace(able, **changed)


def a_model(id: str = "small", **changed: Any) -> Model:
    return replace(Model(id, id.title(), lab="lab", abilities=some_abilities()), **changed)


def some_rates(**per_million: str | None) -> Rates:
    """`some_rates(input="0.50")`: input 1, output 2 unless changed; every other class only where given."""
    given: dict[str, str | None] = {"input": "1", "output": "2", **per_million}
    return Rates(**{name: None if rate is None else Decimal(rate) for name, rate in given.items()})


def a_price(currency: str = "USD", **changed: Any) -> Price:
    """1 per million in, 2 out. Rates by name (`input="3"`); every other keyword is a field of `Price`."""
    rates = {name: changed.pop(name) for name in [*changed] if name in Rates.__dataclass_fields__}
    return replace(Price(currency, some_rates(**rates), source="price list", read_on=TODAY), **changed)


NO_PRICE = Price("USD", Rates())


def a_route(provider: Provider | str = "alpha", model: Model | str = "small", **changed: Any) -> Route:
    """`provider/model` (and `@variant`); a provider or model may be given by its id alone."""
    at = a_provider(provider) if isinstance(provider, str) else provider
    of = a_model(model) if isinstance(model, str) else model
    variant = changed.get("variant", "")
    route = Route(
        id=RouteId(f"{at.id}/{of.id}" + (f"@{variant}" if variant else "")),
        provider=at,
        model=of,
        upstream_model=f"{of.lab}/{of.id}",
        price=a_price(),
        abilities=of.abilities,
    )
    return replace(route, **changed)


def a_policy(name: str = "strict", **changed: Any) -> Policy:
    """Unrestricted unless changed: `a_policy(bound=Posture(retention_days=0))`."""
    return replace(UNRESTRICTED, name=name, **changed)


def a_layer(policy: Policy | None = None, kind: LayerKind = LayerKind.ORGANISATION) -> Layer:
    return Layer(kind, policy if policy is not None else a_policy())


def demanded_by(*policies: Policy) -> EffectivePolicy:
    """What these policies demand together, the first as the organisation's, the next as the team's, and so on."""
    return combine(Layer(kind, policy) for kind, policy in zip(LayerKind, policies, strict=False))


def a_team(id: str = "research", **changed: Any) -> Team:
    return replace(Team(id, id.title(), policy="open"), **changed)


def an_organisation(**changed: Any) -> Organisation:
    return replace(Organisation("acme", "Acme", policy="open", classes={}), **changed)


def a_snapshot(*routes: Route, policies: tuple[Policy, ...] = (), **changed: Any) -> Snapshot:
    """A snapshot of these routes (default: one), one team and the policy `open`.

    Providers and models are those of the routes; `grants` may be a mapping or a plain tuple of grants.
    """
    served = routes or (a_route(),)
    grants = changed.pop("grants", {})
    if not isinstance(grants, Mapping):
        grants = {
            provider: tuple(g for g in grants if g.provider == provider) for provider in {g.provider for g in grants}
        }
    snapshot = Snapshot(
        organisation=an_organisation(),
        teams={"research": a_team()},
        policies={policy.name: policy for policy in (a_policy("open"), *policies)},
        providers={route.provider.id: route.provider for route in served},
        models={route.model.id: route.model for route in served},
        routes={route.id: route for route in served},
        grants=grants,
        regions={"EU": frozenset({"DE", "FR", "SE"})},
        fx=Fx("USD", {"EUR": Decimal("1.08")}, dated=TODAY),
        aliases={"small-latest": "small"},
        digest="5" * 64,
    )
    return replace(snapshot, **changed)


def a_key(id: str = "key_1", **changed: Any) -> Key:
    """An active key of the team `research` under the policy `open`."""
    key = Key(KeyId(id), digest="d" * 64, team="research", policy="open", label="laptop", created_at=NOW)
    return replace(key, **changed)


def a_principal(key: Key | None = None, snapshot: Snapshot | None = None) -> Principal:
    caller = principal(key or a_key(), snapshot or a_snapshot())
    assert caller is not None, "the key's team and policy are not in the snapshot"
    return caller


def a_demand(**changed: Any) -> Demand:
    """A small streaming chat request for the model `small`."""
    demand = Demand("openai_chat", CHAT, "small", streaming=True, input_tokens=1_000, output_tokens=500)
    return replace(demand, **changed)


def some_means(*providers: str, **changed: Any) -> Capabilities:
    """Credentials for these providers (default: alpha, beta, gamma); speaks `openai_chat` and `anthropic_messages`."""
    held = frozenset(providers or ("alpha", "beta", "gamma"))
    return replace(Capabilities(held, frozenset({"openai_chat", "anthropic_messages"})), **changed)


WELL = Health()
"""Nothing cooling, nothing locked out, nothing measured."""


def a_use(*features: Feature) -> frozenset[Feature]:
    return frozenset(features)


def an_attempt(**changed: Any) -> AttemptRecord:
    """A served attempt of 1,000 tokens in and 20 out, charged 1,040,000 nano-units of 2,000,000 held."""
    attempt = AttemptRecord(
        route="alpha/small",
        outcome="served",
        left=True,
        region="SE",
        posture_digest="7" * 64,
        evidence_from="2026-11-23",
        hold_id="01JDHOLD0000000000000000A1",
        status=200,
        hold=2_000_000,
        cost=1_040_000,
        usage={"input": 1_000, "output": 20},
        usage_source="provider",
        reported={"prompt_tokens": 1_000, "completion_tokens": 20},
        price="price list 2026-11-24",
        first_event_ms=180,
        ended_ms=420,
    )
    return replace(attempt, **changed)


def a_receipt(id: str = "01JDRECEIPT00000000000000A", **changed: Any) -> Receipt:
    """A served exchange with one attempt, not yet linked into a chain."""
    receipt = Receipt(
        id=ReceiptId(id),
        began_at="2026-11-24T12:00:00.000Z",
        organisation="acme",
        team="research",
        key="key_1",
        dialect="openai_chat",
        operation="chat",
        model="small",
        outcome="served",
        code="",
        policy={"organisation": "open", "team": "open", "key": "open"},
        documents="5" * 64,
        demand={"streaming": True, "input_tokens": 1_000, "output_tokens": 500, "needs": []},
        plan=("alpha/small", "beta/small"),
        rejections={"gamma/small": ("posture:training", "no_credential")},
        attempts=(an_attempt(),),
        route="alpha/small",
        posture={"training": "no", "retention_days": 0, "processed_in": ["SE"]},
        region="declared:SE",
        cost=1_040_000,
        duration_ms=430,
    )
    return replace(receipt, **changed)


def an_outage(scope: FaultScope = FaultScope.ROUTE, until: float = math.inf, **values: Any) -> Outage:
    return Outage(scope, until, **values)


def some_health(cooling: Iterable[RouteId] = (), locked_out: Iterable[str] = (), **figures: Any) -> Health:
    """Routes that cool down after faults of their own, and records or routes whose credential was refused."""
    return Health(
        cooling=dict.fromkeys(cooling, an_outage()),
        locked_out=dict.fromkeys(locked_out, an_outage(FaultScope.CREDENTIAL)),
        **figures,
    )
