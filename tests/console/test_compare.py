from __future__ import annotations

from pathlib import Path

from gateway.console.compare import compare_page
from tests.console.house import a_house, text_of
from tests.console.test_models import some_routes


async def test_two_models_stand_side_by_side(tmp_path: Path) -> None:
    async with a_house(tmp_path, compare_page(), snapshot=some_routes()) as house:
        reader = house.reader()
        page = await reader.json("/console/compare?m=small&m=large&input=1000&output=0")
        assert [column["model"] for column in page["columns"]] == ["small", "large"]
        assert page["request"] == {"input": 1000, "output": 0, "cached": "0"}
        words = text_of((await reader.get("/console/compare?m=small&m=large")).text)
        for group in ("Privacy", "Price", "Abilities"):
            assert group in words


async def test_fewer_than_two_are_a_form(tmp_path: Path) -> None:
    async with a_house(tmp_path, compare_page(), snapshot=some_routes()) as house:
        reader = house.reader()
        for path in ("/console/compare", "/console/compare?m=small"):
            answer = await reader.get(path)
            assert (answer.status_code, "<select" in answer.text) == (200, True)
        assert (await reader.get("/console/compare?m=&m=small")).headers["location"] == "/console/compare?m=small"


async def test_names_of_nothing_are_refused(tmp_path: Path) -> None:
    async with a_house(tmp_path, compare_page(), snapshot=some_routes()) as house:
        for query in ("m=no-such", "route=x", "colour=1", "m=small&m=large&cached=7"):
            assert (await house.reader().get(f"/console/compare?{query}")).status_code == 400
