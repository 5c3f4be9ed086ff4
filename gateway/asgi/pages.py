"""The small endpoints: models and routes as a key may see them, and probes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.asgi.addresses import Address
from gateway.asgi.intake import method_not_allowed, states_key
from gateway.asgi.request_context import Gate, head_of
from gateway.core.catalog import Model
from gateway.core.errors import InvalidRequest, Json, ModelNotFound, NotFound
from gateway.core.snapshot import Snapshot
from gateway.dialects.names import near, resolve
from gateway.exchange.policy_in_force import PolicyInForce
from gateway.exchange.services import InForce
from gateway.views import catalogue, listings
from gateway.views.api_queries import DeclaredWords
from gateway.views.catalogue import Viewer
from gateway.views.offers import ModelOffer
from gateway.views.openapi import openapi
from gateway.views.origin import origin_of
from gateway.views.setup_text import SetupReader, llms_text, setup_text

DATA_CLASS: Final = b"x-data-class"
_LISTINGS_KEPT: Final = 64
_UNKEPT: Final = {"cache-control": "no-store", "vary": "authorization, x-api-key, api-key, x-goog-api-key"}


class Pages:
    """The small endpoints. Each raises Ended for what it refuses."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._listings: dict[Hashable, bytes] = {}

    async def models(self, request: Request) -> Response:
        """A list of models or one of them, as the SDKs of the client's family read it."""
        address: Address = request.scope["state"]["address"]
        if request.method not in ("GET", "HEAD"):
            raise NotFound if ":" in address.name else method_not_allowed("GET, HEAD")  # a verb that nobody has
        if not address.name:
            return self._listing(request, listings.LISTS[address.family])
        viewer, _, in_force = self._viewer(request)
        model, pinned = _resolved(address.name, in_force)
        routes = [r for r in viewer.eligible(model, in_force.snapshot) if pinned in (None, r.provider.id, r.id)]
        offer = ModelOffer(address.name, model, tuple(routes))
        return _json(listings.model_entry(address.family, offer, viewer, in_force.snapshot))

    async def catalogue(self, request: Request) -> Response:
        return self._listing(request, catalogue.catalogue)

    async def model_page(self, request: Request) -> Response:
        viewer, in_force = self._live_viewer(request)
        model, _ = _resolved(request.path_params["name"], in_force)
        return _json(catalogue.model_page(model, viewer, in_force.snapshot))

    async def explain(self, request: Request) -> Response:
        viewer, in_force = self._live_viewer(request)
        name = request.query_params.get("model")
        if not name:
            raise InvalidRequest("`model` must name a model: /v1/explain?model=…", field="model")
        model, pinned = _resolved(name, in_force)
        routes = [r for r in in_force.snapshot.routes_of[model.id] if pinned in (None, r.provider.id, r.id)]
        return _json(
            {"model": model.id, "routes": [catalogue.route_view(r, viewer, in_force.snapshot) for r in routes]}
        )

    async def setup(self, request: Request) -> Response:
        """Plain text for agents and people; with a key also the models of that key."""
        reader = None
        if states_key(*head_of(request.scope)):
            viewer, policy, in_force = self._viewer(request)
            offers = tuple(listings.usable(viewer, in_force.snapshot))
            names = dict.fromkeys(layer.policy.name for layer in policy.policy.layers)
            reader = SetupReader(offers, tuple(names))
        return PlainTextResponse(setup_text(origin_of(request.headers).url, reader), headers=_UNKEPT)

    async def llms(self, request: Request) -> Response:
        """The index of this gateway for agents."""
        return PlainTextResponse(llms_text(origin_of(request.headers).url))

    async def openapi(self, request: Request) -> Response:
        """The description of the API for programs."""
        snapshot = self._gate.in_force().snapshot
        words = DeclaredWords(tuple(sorted(snapshot.regions)), snapshot.fx.ledger)
        return _json(openapi(origin_of(request.headers).url, words))

    async def ready(self, _: Request) -> Response:
        """503, with the reason as a code, while no request would be admitted."""
        reason = await self._gate.obstacle()
        if not reason:
            return _json({"status": "ready"})
        body = {"status": reason} if reason == "draining" else {"status": "not_ready", "reason": reason}
        return _json(body, 503)

    def _listing(self, request: Request, page: Callable[[Viewer, Snapshot], dict[str, Json]]) -> Response:
        """A page over every route, made once a day for each policy in force: clients ask for it all the time."""
        viewer, policy, in_force = self._viewer(request)
        key = (page, policy, viewer.means.priced_only, viewer.today)
        body = self._listings.get(key)
        if body is None:
            if len(self._listings) >= _LISTINGS_KEPT:
                self._listings.clear()
            body = self._listings[key] = orjson.dumps(page(viewer, in_force.snapshot))
        return Response(body, media_type="application/json")

    def _live_viewer(self, request: Request) -> tuple[Viewer, InForce]:
        """A viewer that sees the outages of this moment too."""
        viewer, _, in_force = self._viewer(request)
        services = self._gate.services
        return replace(viewer, health=services.health.view(services.clock.monotonic())), in_force

    def _viewer(self, request: Request) -> tuple[Viewer, PolicyInForce, InForce]:
        fields, query_key = head_of(request.scope)
        caller, in_force = self._gate.caller(fields, query_key)
        label = fields.one(DATA_CLASS)
        own = caller.class_layer(label, in_force.snapshot)
        policy = in_force.plans.policy((*caller.layers, *((own,) if own else ())))
        means = replace(in_force.means, priced_only=bool(caller.bill("", label).budgets))
        return Viewer(policy.policy, means, self._gate.services.clock.today()), policy, in_force


def _resolved(name: str, in_force: InForce) -> tuple[Model, str | None]:
    """The model of that name and what it is pinned to. ModelNotFound with near names."""
    snapshot = in_force.snapshot
    named = resolve(name, snapshot)
    if named is None:
        raise ModelNotFound(near(name.rpartition("/")[2], snapshot.models))
    return snapshot.models[named.model], named.pinned


def _json(value: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def alive(_: Request) -> Response:
    return Response(status_code=200)
