"""One failover across a border, and everything that says where a prompt went: receipt, header, log, sums, FOCUS."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.exchange.services import InForce
from gateway.telemetry.events import ExchangeEnded
from gateway.upstream.targets import static_credential, target
from gateway.views import focus
from tests.asgi.gate import Door, a_door
from tests.builders import (
    TODAY,
    a_connection,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    facts_of,
    some_means,
)
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider, Script, replies, reply

FAILS = replies(reply(500))
REFUSES = replies(reply(400, body=b'{"error": {"message": "no"}}'))


@asynccontextmanager
async def asked(state: Path, first: Script | None) -> AsyncIterator[tuple[Door, Any]]:
    """A request to a route in the US, and then to one in Germany, which answers. `first`: None for a closed port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with Provider(first or GOOD) as there, Provider(GOOD) as here:
            url = there.url if first else f"http://127.0.0.1:{unused.getsockname()[1]}"
            routes = [
                a_route(
                    a_provider(
                        name,
                        facts=facts_of(a_posture(processed_in=frozenset({country}))),
                        connection=a_connection(base_url=f"{at}/v1"),
                    ),
                    price=a_price(input=price),
                )
                for name, country, at, price in (("alpha", "US", url, "1"), ("beta", "DE", here.url, "2"))
            ]
            snapshot = a_snapshot(*routes)
            async with a_door(state, there, here, snapshot=snapshot) as door:
                targets = {
                    r.provider.id: target(r.provider, static_credential(r.provider.connection, "credential"), {})
                    for r in routes
                }
                door.desk.in_force = InForce(snapshot, some_means("alpha", "beta"), targets)
                yield door, await door.ask()


def ended(door: Door) -> ExchangeEnded:
    (event,) = [event for event in door.desk.heard.events if isinstance(event, ExchangeEnded)]
    return event


def sums(door: Door) -> dict[str, tuple[int, int, bool]]:
    """Region -> requests, prompts that left, and whether they cost something."""
    return {row.group[0]: (row.exchanges, row.sent, row.cost > 0) for row in door.desk.ledger.usage(["region"])}


def billed(door: Door) -> dict[str, int]:
    """Region -> prompts that left, as a FOCUS export counts them."""
    charges = focus.charges(door.desk.ledger.usage(focus.GROUPED), TODAY)
    rows = [dict(zip(focus.COLUMNS, cells, strict=True)) for cells in charges]
    return {str(row["x_Region"]): int(str(row["x_Sent"])) for row in rows}


async def test_a_prompt_that_failed_in_one_country_and_was_answered_in_another_went_to_both(tmp_path: Path) -> None:
    async with asked(tmp_path, FAILS) as (door, answer):
        assert answer.status_code == 200
        assert answer.headers["x-safeconduct-region"] == "declared:DE"
        assert answer.headers["x-safeconduct-attempts"] == (
            "alpha/small;region=US;status=500;fault=route, beta/small;region=DE;status=200"
        )
        (receipt,) = door.desk.receipts()
        assert [(a["region"], a["left"], a["status"]) for a in receipt["attempts"]] == [
            ("US", True, 500),
            ("DE", True, 200),
        ]
        assert ended(door).sent_to == ("alpha/small:US:500", "beta/small:DE:200")
        assert sums(door) == {"declared:DE": (1, 1, True), "declared:US": (0, 1, False)}
        assert billed(door) == {"declared:US": 1, "declared:DE": 1}


async def test_a_prompt_that_the_provider_refused_went_there(tmp_path: Path) -> None:
    async with asked(tmp_path, REFUSES) as (door, answer):
        assert answer.status_code == 400
        (listed,) = answer.json()["error"]["attempts"]
        assert listed == {
            "route": "alpha/small",
            "region": "US",
            "observed": None,
            "outcome": "refused",
            "status": 400,
            "fault": "request",
            "left": True,
        }
        assert answer.headers["x-safeconduct-attempts"] == "alpha/small;region=US;status=400;fault=request"
        assert ended(door).sent_to == ("alpha/small:US:400",)
        assert sums(door) == {"declared:US": (1, 1, False)}
        assert billed(door) == {"declared:US": 1}


async def test_a_prompt_went_nowhere_where_no_connection_was_made(tmp_path: Path) -> None:
    async with asked(tmp_path, None) as (door, answer):
        assert answer.status_code == 200
        assert answer.headers["x-safeconduct-attempts"] == (
            "alpha/small;region=US;fault=connect;left=no, beta/small;region=DE;status=200"
        )
        assert ended(door).sent_to == ("beta/small:DE:200",)
        assert sums(door) == {"declared:DE": (1, 1, True)}
        assert billed(door) == {"declared:DE": 1}
