from __future__ import annotations

import asyncio
import gzip
from time import perf_counter
from typing import Any

import pytest
from jinja2 import UndefinedError

from gateway.console.page import Turns
from gateway.console.rendering import FILTERS, Templates, packed

VIEW = {"status": 404, "code": "<b>", "message": "m"}
SHELL: dict[str, Any] = {
    **dict.fromkeys(("assets", "prefix", "who", "csrf", "documents", "since", "path"), "x"),
    **{"scripts": [], "navigation": [], "signed_in": False, "json": None, "today": "2026-11-30"},
}


async def test_everything_a_template_prints_is_escaped() -> None:
    page = await Templates().render("error.html", {"view": VIEW, "shell": SHELL}, Turns())
    assert b"<code>&lt;b&gt;</code>" in page


async def test_characters_that_nobody_sees_turn_no_words_round() -> None:
    view = {"status": 404, "code": "a\u202eb\u2066c", "message": "x\x00<\u200fy"}
    page = (await Templates().render("error.html", {"view": view, "shell": SHELL}, Turns())).decode()
    assert "a\ufffdb\ufffdc" in page
    assert "x\ufffd&lt;\ufffdy" in page


async def test_a_value_that_a_view_lacks_is_a_fault() -> None:
    with pytest.raises(UndefinedError):
        await Templates().render("error.html", {"view": {}, "shell": SHELL}, Turns())


async def test_a_large_page_gives_the_loop_back_every_millisecond() -> None:
    """Others run while it is made; the share of late turns is bounded, since a machine may pause by itself."""
    templates, late, waits = Templates(), 0, 0
    large = {**VIEW, "message": "m"}
    shell = {**SHELL, "navigation": [{"label": f"page {n}", "path": "/x", "here": False} for n in range(20_000)]}
    await templates.render("error.html", {"view": large, "shell": SHELL}, Turns())

    async def others() -> None:
        nonlocal late, waits
        while True:
            began = perf_counter()
            await asyncio.sleep(0)
            waits += 1
            late += perf_counter() - began > 0.002

    task = asyncio.ensure_future(others())
    page = await templates.render("error.html", {"view": large, "shell": shell}, Turns())
    assert gzip.decompress(await packed(page, Turns())) == page
    task.cancel()
    assert waits > 10
    assert late <= waits // 4


def test_links_of_documents_lead_to_encrypted_addresses_alone() -> None:
    link = FILTERS["link"]
    assert link("https://example.org/x") == "https://example.org/x"
    assert [link(x) for x in ("http://example.org", "javascript:alert(1)", "data:text/html,x", None, 3)] == [""] * 5
