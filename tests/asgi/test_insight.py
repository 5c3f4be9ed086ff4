"""Reports on what a key did itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.asgi.gate import KEY, a_door, error_of
from tests.exchange.test_lifecycle import FAILS, GOOD
from tests.scripted import Provider

ONE = {"exchanges": 1, "sent": 1, "usage": {"input": 9, "output": 3}, "cost": "0.000015", "held": "0"}


async def test_a_key_sees_sums_of_its_own_receipts_only(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        other = await door.key("sc_other")
        await door.ask()
        await door.ask()
        await door.ask(authorization=other["authorization"])
        mine = (await door.get("/v1/usage")).json()
        assert mine == {
            "by": ["day"],
            "currency": "USD",
            "data": [
                {
                    "day": "2026-11-24",
                    **ONE,
                    "exchanges": 2,
                    "sent": 2,
                    "usage": {"input": 18, "output": 6},
                    "cost": "0.00003",
                }
            ],
        }
        assert (await door.get("/v1/usage", other)).json()["data"] == [{"day": "2026-11-24", **ONE}]


async def test_sums_are_by_any_groups_and_between_days_both_included(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        by = (await door.get("/v1/usage?by=team, key,model,route,provider,region,policy")).json()
        (row,) = by["data"]
        assert [row] == [
            {
                "team": "research",
                "key": row["key"],
                "region": row["region"],
                "model": "small",
                "route": "alpha/small",
                "provider": "alpha",
                "policy": "open",
                **ONE,
            }
        ]
        for bounds, found in (
            ("since=2026-11-24", 1),
            ("until=2026-11-24", 1),
            ("since=2026-11-24&until=2026-11-24", 1),
            ("since=2026-11-25", 0),
            ("until=2026-11-23", 0),
            ("since=&until=", 1),
        ):
            assert len((await door.get(f"/v1/usage?{bounds}")).json()["data"]) == found


async def test_refusals_and_failures_count_as_exchanges(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        assert (await door.get("/v1/usage")).json()["data"] == []
        await door.ask()
        await door.ask(b"{")
        (row,) = (await door.get("/v1/usage")).json()["data"]
        assert (row["exchanges"], row["usage"], row["cost"]) == (2, {}, "0")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=MARKER", "by"),
        ("by=day,MARKER", "by"),
        ("by=", "by"),
        ("by=,", "by"),
        ("by=day%3B--", "by"),
        ("since=MARKER", "since"),
        ("until=2026-02-30", "until"),
        ("since=2026-11-24T00:00:00", "since"),
    ],
)
async def test_other_groups_and_days_are_refused_without_their_words(tmp_path: Path, query: str, field: str) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.get(f"/v1/usage?{query}", KEY)
        assert error_of(answer) == (400, "invalid_request")
        assert answer.json()["error"]["field"] == field


async def test_without_a_journal_the_answer_says_so(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        journal, door.desk.ledger._path = door.desk.ledger._path, tmp_path  # a directory is no database
        assert error_of(await door.get("/v1/usage")) == (503, "books_unavailable")
        assert error_of(await door.get("/v1/receipts/01JD")) == (503, "books_unavailable")
        door.desk.ledger._path = journal  # the desk reads it when it closes


async def test_a_key_lists_its_receipts_and_reads_one_in_words(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        other = await door.key("sc_other")
        answer = await door.ask()
        id = answer.headers["x-safeconduct-receipt"]
        listed = (await door.get("/v1/receipts")).json()
        assert ([line["id"] for line in listed["data"]], listed["next"]) == ([id], None)
        shown = (await door.get(f"/v1/receipts/{id}/explained")).json()
        assert shown["sentence"] == "Served by alpha/small. The prompt left once."
        assert shown["record"] == (await door.get(f"/v1/receipts/{id}")).json()
        assert (await door.get("/v1/receipts", other)).json()["data"] == []
        for path in (f"/v1/receipts/{id}", f"/v1/receipts/{id}/explained"):
            assert (await door.get(path, other)).content == (await door.get(path.replace(id, "nobody"), other)).content
            assert error_of(await door.get(path, other)) == (404, "not_found")


async def test_a_key_sees_where_its_words_went_and_what_they_cost(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        places = (await door.get("/v1/places")).json()
        assert (places["requests"], places["places"][0]["words"]) == (1, "Sweden")
        spend = (await door.get("/v1/spend?by=model,provider")).json()
        assert [line["words"] for line in spend["data"]] == ["small, alpha"]
        assert (await door.get("/v1/budgets")).json() == {"currency": "USD", "timezone": "UTC", "data": []}


@pytest.mark.parametrize(
    "path", ["receipts", "receipts/x", "receipts/x/explained", "places", "spend", "budgets", "policies", "health"]
)
async def test_nobody_reads_a_report_without_a_key(tmp_path: Path, path: str) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        assert error_of(await door.get(f"/v1/{path}", {})) == (401, "unknown_key")


async def test_a_key_explores_policies_and_drafts(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        cards = (await door.get("/v1/policies")).json()["data"]
        assert "open" in {card["name"] for card in cards}
        draft = (await door.get("/v1/policies/draft?training=no&processed_in=EU")).json()
        assert (draft["routes"], draft["traffic"]["requests"]) == (1, 1)
        decision = (await door.get("/v1/policies/why?model=small&training=no")).json()
        assert [layer["layer"] for layer in decision["layers"]] == ["organisation", "team", "key", "request"]
        everything = (await door.get("/v1/policies/draft")).json()
        assert (everything["clauses"], everything["routes"]) == ([], everything["of_routes"])
        for path, error in (
            ("draft?MARKER=1", (400, "invalid_request")),
            ("draft?training=MARKER", (400, "invalid_request")),
            ("why", (400, "invalid_request")),
            ("why?model=MARKER", (404, "not_found")),
            ("why?model=small&team=x", (403, "not_allowed")),
        ):
            assert error_of(await door.get(f"/v1/policies/{path}")) == error


async def test_a_key_sees_the_health_of_providers_with_figures_of_its_own(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        other = await door.key("sc_other")
        await door.ask()
        for headers, attempts in ((KEY, 1), (other, 0)):
            rows = {row["provider"]: row for row in (await door.get("/v1/health", headers)).json()["providers"]}
            assert (rows["alpha"]["state"], rows["alpha"]["attempts"]) == ("serving", attempts)


async def test_a_key_reads_its_own_standing_and_no_other_keys(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        other = await door.key("sc_other", label="other")
        for headers, label in ((KEY, "laptop"), (other, "other")):
            answer = await door.get("/v1/key", headers)
            standing = answer.json()
            assert (answer.status_code, standing["label"], standing["team"]["id"]) == (200, label, "research")
            assert "sc_" not in answer.text
        assert [each["layer"] for each in standing["policies"]] == ["organisation", "team", "key"]
        assert standing["budgets"] == (await door.get("/v1/budgets", other)).json()["data"]
        assert (await door.get("/v1/key", {})).status_code == 401
        assert error_of(await door.client.post("/v1/key", headers=KEY)) == (405, "method_not_allowed")
