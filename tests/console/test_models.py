from __future__ import annotations

from pathlib import Path

from gateway.console.models import models_page
from tests.builders import a_route, a_snapshot
from tests.console.house import a_house, text_of


async def test_every_model_stands_there_with_its_routes(tmp_path: Path) -> None:
    async with a_house(tmp_path, models_page(), snapshot=a_snapshot(a_route())) as house:
        reader = house.reader()
        models = (await reader.json("/console/models"))["models"]
        assert [model["routes"] for model in models] == [1]
        assert models[0]["name"] in text_of((await reader.get("/console/models")).text)
