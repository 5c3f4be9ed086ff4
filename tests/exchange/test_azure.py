"""Routes of Azure through the exchange: the shipped records at a scripted resource, which lends the tokens too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.core.catalog import Route
from gateway.exchange.services import InForce
from gateway.upstream.tokens.entra import EntraClientSecret
from tests.builders import a_snapshot
from tests.exchange.clouds import Cloud, a_cloud_desk, called
from tests.exchange.desk import COMPLETION, DONE, STOP, USAGE, WORDS, Desk
from tests.scripted import Provider, reply, streams

GOOD = streams(WORDS, STOP, USAGE, DONE)
GPT: Final = "azure-openai-eu-datazone/gpt-4.1"
REPORTS: Final = [
    ("x-ms-region", "West Europe"),
    ("x-ms-deployment-name", "chat-eu"),
    ("x-ms-served-model", "gpt-4.1-2025-04-14"),
    ("x-ms-is-spilled-over", "true"),
    ("x-ms-aoai-configured-data-retention-days", "30"),
    ("apim-request-id", "hidden-request"),
    ("azureml-served-by-cluster", "hidden-cluster"),
]
FILTERED: Final[dict[str, Any]] = {
    "error": {
        "message": "MARKER",
        "code": "content_filter",
        "param": "prompt",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
        },
    }
}
WRONG_AUDIENCE: Final = {"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is…"}


def chunk(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


PROMPT_VERDICT = chunk({"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]})
LATE_VERDICT = chunk(
    {
        "id": "",
        "choices": [
            {
                "index": 0,
                "finish_reason": None,
                "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
                "content_filter_offsets": {"check_offset": 5, "start_offset": 0, "end_offset": 5},
            }
        ],
    }
)


@asynccontextmanager
async def an_azure_desk(
    state: Path, *providers: Provider, route: str = GPT, deployment: str = ""
) -> AsyncIterator[Desk]:
    def source(url: str) -> EntraClientSecret:
        members = {"tenant_id": "t1", "client_id": "c1", "authority": url, "client_secret": "s"}
        return EntraClientSecret(members, "https://cognitiveservices.azure.com")

    async with a_cloud_desk(state, *providers, route=route, source_of=source, settings={"resource": "res"}) as desk:
        if deployment:
            desk.in_force = _deployed(desk.in_force, deployment)
        yield desk


def _deployed(now: InForce, deployment: str) -> InForce:
    def named(route: Route) -> Route:
        return replace(route, deployment=deployment) if route.provider.id == "alpha" else route

    routes = [named(route) for route in now.snapshot.routes.values()]
    snapshot = a_snapshot(*routes, policies=tuple(now.snapshot.policies.values()), teams=now.snapshot.teams)
    return InForce(snapshot, now.means, now.targets)


def whole(**headers: str) -> bytes:
    return reply(body=json.dumps(COMPLETION).encode(), headers=[*REPORTS, *headers.items()])


async def test_a_deployment_is_asked_by_its_name_and_its_reports_stand_in_the_receipt(tmp_path: Path) -> None:
    async with Provider(Cloud(whole())) as azure, an_azure_desk(tmp_path, azure, deployment="chat-eu") as desk:
        client = await desk.ask()
        (request,) = called(azure)
        assert request.line == "POST /openai/v1/chat/completions HTTP/1.1"
        assert (json.loads(request.body)["model"], request.header("authorization")) == ("chat-eu", "Bearer hush1")
        receipt = desk.receipts()[0]
        assert receipt["attempts"][0]["observed"] == {
            "declared_region": "West Europe",
            "deployment": "chat-eu",
            "model": "gpt-4.1-2025-04-14",
            "spilled_over": "true",
            "retention_days": "30",
        }
        assert receipt["region"].startswith("declared:")
        assert "hidden" not in repr(client.headers)


async def test_a_verdict_without_a_delta_is_no_content_and_no_fault(tmp_path: Path) -> None:
    answer = b"".join([PROMPT_VERDICT, WORDS, LATE_VERDICT, STOP, LATE_VERDICT, USAGE, DONE])
    azure_answer = reply(headers=[("content-type", "text/event-stream")], body=answer)
    async with Provider(Cloud(azure_answer)) as azure, an_azure_desk(tmp_path, azure) as desk:
        client = await desk.ask({"stream": True})
        assert client.complete
        (attempt,) = desk.receipts()[0]["attempts"]
        assert (attempt["outcome"], attempt["usage"]) == ("served", {"input": 9, "output": 3})


async def test_a_prompt_that_the_filter_refuses_is_refused_and_closes_no_route(tmp_path: Path) -> None:
    alpha, beta = Provider(Cloud(reply(400, body=json.dumps(FILTERED).encode()))), Provider(GOOD)
    async with alpha, beta, an_azure_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask({"stream": True})
        assert client.code == "upstream_refused"
        assert b"MARKER" not in client.body
        assert not beta.requests
        (attempt,) = desk.receipts()[0]["attempts"]
        assert (attempt["outcome"], attempt["status"]) == ("refused", 400)
        assert desk.services.health.view(desk.services.clock.monotonic()).cooling == {}


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ([("retry-after-ms", "0"), ("retry-after", "7")], 7.0),
        ([("x-ms-retry-after-ms", "2500"), ("retry-after", "9")], 2.5),
        ([("retry-after-ms", "1500")], 1.5),
    ],
)
async def test_a_limit_holds_for_the_first_time_that_azure_states(
    tmp_path: Path, headers: list[tuple[str, str]], pause_s: float
) -> None:
    limited = reply(429, headers=headers, body=b'{"error":{"code":"RateLimitReached","message":"x"}}')
    alpha, beta = Provider(Cloud(limited)), Provider(GOOD)
    async with alpha, beta, an_azure_desk(tmp_path, alpha, beta) as desk:
        assert (await desk.ask({"stream": True})).complete
        ((route, outage),) = desk.services.health.view(desk.services.clock.monotonic()).cooling.items()
        assert (route, outage.until - outage.since) == ("alpha/small", pause_s)


async def test_a_token_that_ended_is_renewed_once_and_another_refusal_locks_the_record_out(tmp_path: Path) -> None:
    cloud = Cloud(whole())
    alpha, beta = Provider(cloud), Provider(GOOD)
    async with alpha, beta, an_azure_desk(tmp_path, alpha, beta) as desk:
        cloud.demands = 2
        assert (await desk.ask({})).complete
        assert cloud.refused == 1
        cloud.demands = 99
        assert (await desk.ask({"stream": True})).complete
        assert set(desk.services.health.view(desk.services.clock.monotonic()).locked_out) == {"alpha"}


async def test_a_wrong_audience_is_a_fault_of_the_credential(tmp_path: Path) -> None:
    alpha, beta = Provider(Cloud(reply(401, body=json.dumps(WRONG_AUDIENCE).encode()))), Provider(GOOD)
    async with alpha, beta, an_azure_desk(tmp_path, alpha, beta) as desk:
        assert (await desk.ask({"stream": True})).complete
        assert desk.receipts()[0]["attempts"][0]["fault"] == "credential"


async def test_a_deployment_that_does_not_exist_yet_is_a_fault_of_its_route(tmp_path: Path) -> None:
    missing = reply(404, body=b'{"error":{"code":"DeploymentNotFound","message":"try again in 5 minutes"}}')
    alpha, beta = Provider(Cloud(missing)), Provider(GOOD)
    async with alpha, beta, an_azure_desk(tmp_path, alpha, beta) as desk:
        assert (await desk.ask({"stream": True})).complete
        first, second = desk.receipts()[0]["attempts"]
        assert (first["fault"], first["upstream_code"], second["outcome"]) == ("route", "DeploymentNotFound", "served")


async def test_the_older_api_names_the_deployment_in_the_path(tmp_path: Path) -> None:
    async with Provider(Cloud(whole())) as azure, an_azure_desk(tmp_path, azure, deployment="chat-eu") as desk:
        desk.in_force = _older(desk.in_force)
        assert (await desk.ask()).complete
        path = "/openai/v1/deployments/chat-eu/chat/completions?api-version=2024-10-21"
        assert called(azure)[0].line == f"POST {path} HTTP/1.1"


def _older(now: InForce) -> InForce:
    def moved(route: Route) -> Route:
        paths = {"openai_chat": "/deployments/{model}"}
        connection = replace(route.provider.connection, paths=paths, query="api-version=2024-10-21")
        return replace(route, provider=replace(route.provider, connection=connection))

    routes = [moved(route) for route in now.snapshot.routes.values()]
    snapshot = a_snapshot(*routes, policies=tuple(now.snapshot.policies.values()), teams=now.snapshot.teams)
    return InForce(snapshot, now.means, now.targets)
