from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.console.model import model_page
from gateway.core.catalog import BenchmarkScore
from tests.builders import a_fact, a_model, a_price, a_provider, a_route, a_snapshot
from tests.console.house import a_house, text_of
from tests.console.test_models import HOSTILE, some_routes


async def test_a_page_shows_what_its_json_says_and_only_a_reader_sees_verdicts(tmp_path: Path) -> None:
    async with a_house(tmp_path, model_page(), snapshot=some_routes()) as house:
        stranger, person = house.reader(), await house.signed_in()
        page = await stranger.json("/console/models/small")
        assert [route["route"] for route in page["routes"]] == ["alpha/small", "beta/small"]
        assert page["verdict"] is None
        words = text_of((await stranger.get("/console/models/small")).text)
        for heading in ("Key info", "Available routes", "Data handling per route", "Get started"):
            assert heading in words
        assert "May I use it?" not in words
        mine = text_of((await person.get("/console/models/small")).text)
        assert "May I use it?" in mine
        assert "For you, as research · key" in mine


async def test_snippets_have_the_address_that_the_reader_used_and_no_key(tmp_path: Path) -> None:
    async with a_house(tmp_path, model_page(), snapshot=some_routes()) as house:
        page = await house.reader(host="llm.example.org", x_forwarded_proto="https").json("/console/models/small")
        texts = [snippet["text"] for snippet in page["snippets"]]
        assert len(texts) == 7
        assert all("https://llm.example.org" in text and "sc_" not in text for text in texts)


async def test_an_unknown_model_is_a_page_that_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, model_page(), snapshot=some_routes()) as house:
        for name in ("nothing", "a/b", "%3Cscript%3E"):
            answer = await house.reader().get(f"/console/models/{name}")
            assert (answer.status_code, "knows no model" in answer.text) == (404, True)
            assert "<script>" not in answer.text


async def test_hostile_words_in_every_document_field_are_text(tmp_path: Path) -> None:
    fact = a_fact(0, note=HOSTILE, verified_by=HOSTILE)
    notes = dict.fromkeys(("zero_retention", "dpa", "certifications_claimed", "newest_source", "confidence"), HOSTILE)
    names = dict.fromkeys(("name", "operator", "parent", "plan"), HOSTILE)
    provider = a_provider("alpha", **names, notes=notes, facts={"retention_days": fact})
    score = BenchmarkScore(
        HOSTILE, 50.0, "percent", HOSTILE, version=HOSTILE, setting=HOSTILE, dated=HOSTILE, note=HOSTILE
    )
    facts = {"parameters": HOSTILE, "languages": HOSTILE}
    model: Any = a_model(
        "small", name=HOSTILE, lab=HOSTILE, description=HOSTILE, licence=HOSTILE, facts=facts, scores=(score,)
    )
    route = a_route(provider, model, note=HOSTILE, price=a_price(note=HOSTILE, source=HOSTILE))
    async with a_house(tmp_path, model_page(), snapshot=a_snapshot(route)) as house:
        for reader in (house.reader(), await house.signed_in()):
            html = (await reader.get("/console/models/small")).text
            assert html.count("<script") == 2
            assert "<img" not in html
            assert "onerror=alert" in text_of(html), "it stands there as text"
            assert 'href="</td>' not in html
