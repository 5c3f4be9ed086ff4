"""`/openapi.json` against a running gateway: real answers meet its schemas member by member, and requests made from it
by schemathesis are accepted or refused as it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.generation import GenerationMode

from gateway.views.openapi import COMPATIBLE, ENDPOINTS
from tests.processes import PATIENCE_S, documents, running
from tests.strategies import examples

EXAMPLES = examples(10)
LIMITS = "processed_in=SE&retention_days=0&training=no&evidence=verified"
QUERIES = {
    "/v1/explain": ("model=magistral-small", "model=gpt-oss-120b"),
    "/v1/usage": (
        "",
        "by=day,team,key,model,provider,route,region,policy,organisation,currency,end_user,countries,outcome",
    ),
    "/v1/receipts": ("", "limit=1", "outcome=served"),
    "/v1/places": ("", "by=tokens&home=EEA", "since=2026-01-01&until=2026-01-02"),
    "/v1/spend": ("", "by=team,key,model,provider,route,policy,countries", "since=2026-01-01&until=2026-01-02"),
    "/v1/policies/draft": ("", LIMITS),
    "/v1/policies/why": ("model=magistral-small", f"model=magistral-small&{LIMITS}", "model=sandbox-small&training=no"),
}
"""Queries of the endpoints that take one."""


@dataclass(frozen=True, slots=True)
class Api:
    """A gateway that has answered, refused and failed. `document`: its own description."""

    client: httpx.Client
    key: str
    document: Any

    def paths(self, path: str) -> list[str]:
        """The addresses to try for the path of an endpoint."""
        names = (
            [each["id"] for each in self.client.get("/v1/catalog/models").json()["data"]] if "{name}" in path else []
        )
        ids = [each["id"] for each in self.client.get("/v1/receipts").json()["data"]] if "{id}" in path else []
        addresses = [path.format(name=value, id=value) for value in (*names, *ids)] or [path]
        return [f"{address}?{query}" for address in addresses for query in QUERIES.get(path, ("",))]

    def schema(self, name: str) -> Any:
        """The schema of that name, with every object closed: an answer holds no member that is not declared."""
        closed = {key: closing(value) for key, value in self.document["components"]["schemas"].items()}
        return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": closed}}


def closing(schema: Any) -> Any:
    """The schema of an object with declared members, which takes no other."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    at = tmp_path_factory.mktemp("api")
    with running(at / "state", *documents(at)) as process:
        members = {"team": "everyone", "policy": "unrestricted", "budgets": ["50/month", "9/day,soft"], "label": "api"}
        key = str(process.admin("POST", "/keys", members).json()["secret"])
        headers = {"authorization": f"Bearer {key}"}
        origin = process.url.removesuffix("/v1")
        with httpx.Client(base_url=origin, timeout=PATIENCE_S, headers=headers) as client:
            refused = {"x-safeconduct-policy": "eu-sovereign"}
            for model, more in (
                ("magistral-small", {}),
                ("magistral-small", refused),
                ("gpt-oss-120b", {}),
                *(("sandbox-flaky/sandbox-small", {}) for _ in range(4)),
            ):
                body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
                client.post("/v1/chat/completions", json=body, headers=more)
            yield Api(client, key, client.get("/openapi.json").json())


@pytest.mark.parametrize("path", [each.path for each in ENDPOINTS if each.answer])
def test_real_answers_have_the_declared_members_and_no_other(api: Api, path: str) -> None:
    name = api.document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    validator = jsonschema_rs.validator_for(api.schema(name.rpartition("/")[2]), validate_formats=True)
    for address in api.paths(path):
        answer = api.client.get(address)
        assert answer.status_code == 200, (address, answer.text)
        faults = [
            f"{address}: {fault.instance_path}: {fault.message[:200]}" for fault in validator.iter_errors(answer.json())
        ]
        assert faults == []


REQUESTS = [("GET", each.path) for each in ENDPOINTS] + [(method.upper(), path) for method, path, *_ in COMPATIBLE]
REFUSABLE = [("GET", each.path) for each in ENDPOINTS if each.query] + [each for each in REQUESTS if each[0] == "POST"]
"""Requests that can be wrong: they have a query or a body."""
MODES = [
    *((*each, GenerationMode.POSITIVE) for each in REQUESTS),
    *((*each, GenerationMode.NEGATIVE) for each in REFUSABLE),
]


def is_sent(value: Any) -> bool:
    """Whether a value of a query stands in the address as it is: an empty list, an object or a null is left out."""
    return isinstance(value, str | int | float) or (
        isinstance(value, list) and bool(value) and all(map(is_sent, value))
    )


@pytest.mark.parametrize(("method", "path", "mode"), MODES)
def test_requests_made_from_the_document_are_answered_as_it_declares(
    api: Api, method: str, path: str, mode: GenerationMode
) -> None:
    described: Any = schemathesis.openapi.from_dict(api.document)
    described.config.update(base_url=str(api.client.base_url))
    # An embedding needs a model of that kind, which no schema can say.
    excluded = [schemathesis.checks.positive_data_acceptance] if "mbed" in path else []

    @given(described[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, suppress_health_check=[*HealthCheck])
    def answered(case: Any) -> None:
        query = case.query or {}
        assume(all(map(is_sent, query.values())))
        assume(not query.get("until") or str(query.get("since", "")) <= str(query["until"]))  # no schema can say it
        case.call_and_validate(headers={"Authorization": f"Bearer {api.key}"}, excluded_checks=excluded)

    answered()
