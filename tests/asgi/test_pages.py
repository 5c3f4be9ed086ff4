"""The small endpoints, as the clients of each family ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from gateway.asgi import pages
from gateway.asgi.addresses import Address
from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.pages import Pages
from gateway.asgi.request_context import Gate
from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, RouteFault
from gateway.exchange.services import InForce
from gateway.http.drain import Drain
from gateway.views.listings import LISTS
from tests.asgi.gate import KEY, a_door
from tests.builders import a_model, a_route, a_snapshot, some_means
from tests.exchange.desk import SECRET, a_desk
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider

ANTHROPIC = {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}
GOOGLE = {"x-goog-api-key": SECRET}
OPENAI_ENTRY = {"id": "small", "object": "model", "created": 0, "owned_by": "lab"}


@pytest.mark.parametrize(
    ("path", "headers", "members"),
    [
        ("/v1/models", KEY, {"object", "data"}),
        ("/models", KEY, {"object", "data"}),
        ("/openai/v1/models", GOOGLE, {"object", "data"}),
        ("/v1/models", ANTHROPIC, {"data", "has_more", "first_id", "last_id"}),
        ("/v1/models?limit=1000&after_id=x&beta=true", ANTHROPIC, {"data", "has_more", "first_id", "last_id"}),
        ("/anthropic/v1/models", KEY, {"data", "has_more", "first_id", "last_id"}),
        ("/v1beta/models", GOOGLE, {"models"}),
        ("/v1/models", {**KEY, "x-goog-api-client": "genai"}, {"models"}),
        (f"/v1beta/models?pageSize=5&key={SECRET}", {}, {"models"}),
        ("/google/models", KEY, {"models"}),
    ],
)
async def test_models_are_listed_as_the_clients_family_reads_them(
    tmp_path: Path, path: str, headers: dict[str, str], members: set[str]
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.get(path, headers)
        assert answer.status_code == 200
        assert set(answer.json()) == members
        head = await door.client.head(path, headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "headers", "shown"),
    [
        ("/v1/models/small", KEY, OPENAI_ENTRY),
        ("/v1/models/alpha%2Fsmall", KEY, {**OPENAI_ENTRY, "id": "alpha/small"}),
        ("/v1/models/alpha/small", ANTHROPIC, {"id": "alpha/small", "type": "model", "display_name": "Small"}),
        ("/v1beta/models/small", GOOGLE, {"name": "models/small", "displayName": "Small"}),
        ("/v1beta/models/models/alpha/small", GOOGLE, {"name": "models/alpha/small"}),
        ("/google/v1/models/small", KEY, {"name": "models/small"}),
    ],
)
async def test_one_model_is_shown_as_the_clients_family_reads_it(
    tmp_path: Path, path: str, headers: dict[str, str], shown: dict[str, Any]
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.get(path, headers)
        assert answer.status_code == 200
        assert {**answer.json(), **shown} == answer.json()


async def test_families_that_ask_in_turn_each_get_their_own_list(tmp_path: Path) -> None:
    """Lists are remembered: never in another family's shape."""

    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        asked = (KEY, ANTHROPIC, GOOGLE)
        first = [(await door.get("/v1/models", headers)).content for headers in asked]
        assert len(set(first)) == 3
        assert [(await door.get("/v1/models", headers)).content for headers in asked] == first


async def test_what_is_remembered_of_lists_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_LISTINGS_KEPT", 2)

    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        gate = Gate(desk.services, lambda: desk.in_force, desk.ledger, Drain(), BodyLimits(2**20, 5.0))
        small, sizes, bodies = Pages(gate), [], []
        for family in (*LISTS, *LISTS):
            state = {"address": Address(family)}
            headers = [(b"authorization", f"Bearer {SECRET}".encode())]
            scope = {"type": "http", "method": "GET", "headers": headers, "state": state}
            bodies.append((await small.models(Request(scope))).body)
            sizes.append(len(small._listings))
        assert sizes == [1, 2, 1, 2, 1, 2]
        assert bodies[:3] == bodies[3:]


async def test_a_redirected_name_is_shown_as_the_model_that_answers_to_it(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        large = a_route(model=a_model("large"))
        snapshot = a_snapshot(a_route(), large, redirects={"small": "large", "gpt-*": "large"})
        door.desk.in_force = InForce(snapshot, some_means("alpha"), door.desk.in_force.targets)
        for name in ("small", "gpt-9"):
            assert (await door.get(f"/v1/catalog/models/{name}")).json()["id"] == "large"
            assert (await door.get(f"/v1/models/{name}")).json()["id"] == name
        assert (await door.get("/v1/catalog/models/alpha%2Fsmall")).json()["id"] == "small"


async def test_an_outage_is_a_reason_on_the_pages_of_its_moment_and_not_in_a_list_that_is_kept(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        services = door.desk.services
        fault = RouteFault(FaultScope.CREDENTIAL, status=401)
        services.health.failed(RouteId("alpha/small"), fault, services.clock.monotonic())
        for path in ("/v1/explain?model=small", "/v1/catalog/models/small"):
            (route,) = (await door.get(path)).json()["routes"]
            assert (route["eligible"], route["admitted_by_policy"]) == (False, True)
            (reason,) = route["reasons"]
            assert (reason["kind"], reason["offered"]) == ("locked_out", "credential")
            assert "refused our credential: renew SAFECONDUCT_PROVIDER_ALPHA_KEY" in reason["words"]
        (listed,) = (await door.get("/v1/catalog/models")).json()["data"]
        assert listed["routes_you_may_use"] == 1


async def test_probes_answer_anybody_with_nothing(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        for path in ("/", "/api/hello", "/livez"):
            for method in ("HEAD", "GET"):
                for headers in ({}, {"authorization": "Bearer sc_wrong"}, {**KEY, "x-api-key": "sc_other"}):
                    answer = await door.client.request(method, path, headers=headers)
                    assert (answer.status_code, answer.content) == (200, b"")
        assert alpha.connections == 0


async def test_setup_is_plain_text_with_the_senders_address_and_the_models_of_its_key(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        nobody, somebody = await door.get("/setup", {}), await door.get("/setup")
        for answer in (nobody, somebody):
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
            assert f"Address: http://127.0.0.1:{door.port}\n" in answer.text
            assert answer.headers["cache-control"] == "no-store"
            assert SECRET not in answer.text
        assert "- small: Small, lab, chat" in somebody.text
        assert "- small:" not in nobody.text
        assert (await door.get("/setup", {"authorization": "Bearer sc_wrong"})).status_code == 401
        index = await door.get("/llms.txt", {})
        assert (index.status_code, index.text.startswith("# ")) == (200, True)
        assert alpha.connections == 0
