from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.console.catalogue import Catalogue
from gateway.console.first_steps import first_steps_page
from tests.builders import a_snapshot
from tests.console.house import a_house, text_of
from tests.console.test_models import some_routes
from tests.scripted import Provider


async def test_the_address_is_that_of_this_gateway_and_the_model_one_that_the_key_may_use(tmp_path: Path) -> None:
    async with Provider() as alpha, a_house(tmp_path, first_steps_page(Catalogue()), providers=(alpha,)) as house:
        person = await house.signed_in()
        page = await person.json("/console/first-steps")
        assert (page["model"], page["may_use"]) == ("small", True)
        assert page["origin"] == f"http://127.0.0.1:{house.door.port}"
        words = text_of((await person.get("/console/first-steps")).text)
        assert f"http://127.0.0.1:{house.door.port}/v1" in words
        for client in ("Claude Code", "Codex", "Gemini CLI", "opencode", "aider"):
            assert client in words


async def test_a_stranger_is_told_how_to_get_a_key(tmp_path: Path) -> None:
    async with a_house(tmp_path, first_steps_page(Catalogue()), snapshot=some_routes()) as house:
        words = text_of((await house.reader().get("/console/first-steps")).text)
        assert "Ask an administrator of this gateway for one" in words
        assert "is the cheapest listed" in words


async def test_without_a_model_there_is_nothing_to_paste(tmp_path: Path) -> None:
    snapshot = replace(a_snapshot(), models={}, routes={})
    async with a_house(tmp_path, first_steps_page(Catalogue()), snapshot=snapshot) as house:
        page = await house.reader().json("/console/first-steps")
        assert (page["model"], page["snippets"], page["clients"]) == (None, [], [])
        assert "No model is declared" in text_of((await house.reader().get("/console/first-steps")).text)
