from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.console.catalogue import Catalogue
from gateway.console.models import models_page
from gateway.core.posture import Training
from tests.builders import a_model, a_posture, a_provider, a_route, a_snapshot, facts_of
from tests.console.house import a_house, text_of

HOSTILE = "</td><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def some_routes() -> Any:
    trains = a_provider("beta", name="Beta", facts=facts_of(a_posture(training=Training.YES)))
    return a_snapshot(a_route("alpha"), a_route(trains), a_route("alpha", a_model("large", name="Large", lab="Lab B")))


async def test_every_model_stands_there_with_counts_that_are_those_of_the_json(tmp_path: Path) -> None:
    async with a_house(tmp_path, models_page(Catalogue()), snapshot=some_routes()) as house:
        reader = house.reader()
        page = await reader.json("/console/models")
        assert (page["models"], page["routes"], page["of_routes"], page["usable"]) == (2, 3, 3, None)
        words = text_of((await reader.get("/console/models")).text)
        assert "2 models 3 of 3 routes" in words
        for row in page["rows"]:
            assert row["name"] in words


async def test_a_filter_is_an_address(tmp_path: Path) -> None:
    async with a_house(tmp_path, models_page(Catalogue()), snapshot=some_routes()) as house:
        reader = house.reader()
        tidy = await reader.get("/console/models?q=&training=no&max_input=")
        assert (tidy.status_code, tidy.headers["location"]) == (303, "/console/models?training=no")
        page = await reader.json("/console/models?training=no")
        assert (page["models"], page["routes"]) == (2, 2)
        assert page["draft"] == "training=no"
        html = (await reader.get("/console/models?training=no")).text
        assert 'href="/console/policies?training=no#draft"' in html
        nothing = text_of((await reader.get("/console/models?training=no&q=zzz")).text)
        assert "No route meets all 2 limits together. Take one away:" in nothing
        wrong = await reader.get("/console/models?colour=red")
        assert (wrong.status_code, "colour" in text_of(wrong.text)) == (400, True)


async def test_a_reader_with_a_key_may_see_only_what_it_may_use(tmp_path: Path) -> None:
    async with a_house(tmp_path, models_page(Catalogue()), snapshot=some_routes()) as house:
        person = await house.signed_in()
        page = await person.json("/console/models?mine=1")
        assert page["usable"] == page["routes"]
        assert "Only what my key may use" in text_of((await person.get("/console/models")).text)
        routes = await person.json("/console/models?view=routes")
        assert {row["verdict"]["name"] for row in routes["rows"]} <= {"usable", "unconnected", "refused"}


async def test_hostile_names_are_text(tmp_path: Path) -> None:
    provider = a_provider("alpha", name=HOSTILE, operator=HOSTILE, plan=HOSTILE)
    snapshot = a_snapshot(a_route(provider, a_model("small", name=HOSTILE, lab=HOSTILE)))
    async with a_house(tmp_path, models_page(Catalogue()), snapshot=snapshot) as house:
        for path in ("/console/models", "/console/models?view=routes", "/console/models?q=%3Cscript%3E"):
            html = (await house.reader().get(path)).text
            assert "<script>" not in html.replace('<script src="', "").replace('<script type="', "")
            assert "<img" not in html
