"""The frame of the pages: who may open which, forms, errors, headers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from gateway.console.page import Audience, ConsolePage, Download, PageAnswer, Redirect, Shown, View, Visit
from gateway.core.errors import NotFound
from tests.console.house import FORM, a_house, hidden, text_of
from tests.exchange.desk import SECRET

HOSTILE = "<script>alert(1)</script>\"'>&"


async def names(visit: Visit) -> View:
    return {"next": visit.first("q"), "fault": visit.first("q"), "may_sign_in": True}


async def broken(visit: Visit) -> View:
    raise ValueError(visit.path)


async def renamed(visit: Visit) -> PageAnswer:
    return Redirect(f"/console/mine?name={visit.field('name')}")


async def saved(_: Visit) -> PageAnswer:
    return Download("spend.csv", "text/csv", b"a,b\n")


async def stopped(_: Visit) -> PageAnswer:
    return Shown("error.html", {"status": 409, "code": "x", "message": "Twice"}, 409)


OPEN = ConsolePage("/open", "sign_in.html", names, Audience.CATALOGUE, label="Open")
MINE = ConsolePage("/mine", "sign_in.html", names, Audience.SIGNED_IN, label="Mine", act=renamed)
OFFICE = ConsolePage("/office", "sign_in.html", names, Audience.OPERATORS, label="Office")
BROKEN = ConsolePage("/broken", "sign_in.html", broken, Audience.ANYBODY)
SAVED = ConsolePage("/saved", "sign_in.html", saved, Audience.ANYBODY)
STOPPED = ConsolePage("/stopped", "sign_in.html", stopped, Audience.ANYBODY)
PAGES = (OPEN, MINE, OFFICE, BROKEN, SAVED, STOPPED)


async def test_browsers_are_led_to_the_first_page_and_others_learn_that_somebody_is_there(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        reader = house.reader()
        led = await reader.get("/", accept="text/html,*/*;q=0.8")
        assert (led.status_code, led.headers["location"]) == (303, "/console/")
        for front in ("/console", "/console/"):
            assert (await reader.get(front)).headers["location"] == "/console/open"
        assert ((await reader.get("/", accept="*/*")).status_code, (await reader.get("/")).text) == (200, "")


async def test_every_answer_confines_the_page(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        reader = house.reader()
        for path in ("/console/open", "/console/nothing", "/console/saved", "/console/", "/console/open?format=json"):
            headers = (await reader.get(path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers.get_list("x-content-type-options") == ["nosniff"]


async def test_a_visitor_finds_in_the_navigation_the_pages_that_open(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        stranger, person, operator = house.reader(), await house.signed_in(), await house.administrator()
        expected = {stranger: {"Open"}, person: {"Open", "Mine"}, operator: {"Open", "Mine", "Office"}}
        for reader, labels in expected.items():
            html = (await reader.get("/console/open")).text
            shown = html.partition("<nav class")[2].partition("</nav>")[0]
            assert {label for label in ("Open", "Mine", "Office") if f">{label}</a>" in shown} == labels
            assert 'aria-current="page">Open' in shown
        assert (await person.get("/console/office")).status_code == 404
        assert (await operator.get("/console/office")).status_code == 200
        closed = await stranger.get("/console/mine?a=1&b=2")
        assert (closed.status_code, closed.headers["location"]) == (
            303,
            "/console/sign-in?next=/console/mine%3Fa%3D1%26b%3D2",
        )
        assert (await stranger.get("/console/mine?format=json")).status_code == 401


async def test_a_catalogue_that_is_not_public_needs_a_sign_in(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES, public=False) as house:
        assert (await house.reader().get("/console/open")).status_code == 303
        assert (await (await house.signed_in()).get("/console/open")).status_code == 200


async def test_without_pages_their_addresses_mean_nothing(tmp_path: Path) -> None:
    from tests.asgi.gate import a_door

    async with a_door(tmp_path) as door:
        assert (await door.get("/console/models")).status_code == 404
        assert (await door.get("/", {"accept": "text/html"})).status_code == 200


async def test_words_of_an_address_are_text_wherever_they_stand(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        page = await house.reader().get("/console/open?q=%3Cscript%3Ealert(1)%3C/script%3E%22'%3E%26")
        assert HOSTILE not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;&amp;" in page.text
        assert hidden(page.text, "next") == HOSTILE


async def test_the_page_is_its_json(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        reader = house.reader()
        assert await reader.json("/console/open?q=x") == {"next": "x", "fault": "x", "may_sign_in": True}
        assert 'href="/console/open?q=x&amp;format=json"' in (await reader.get("/console/open?q=x")).text


async def test_a_form_must_come_from_a_page_of_the_same_session(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        person, other = await house.signed_in(), await house.administrator()
        page = (await person.get("/console/mine")).text
        token = page.partition('name="csrf" value="')[2].partition('"')[0]
        assert (await person.post("/console/mine", csrf=token, name="n")).headers["location"].endswith("name=n")
        assert (await person.post("/console/mine", name="n")).status_code == 403
        assert (await other.post("/console/mine", csrf=token, name="n")).status_code == 403
        for foreign in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
        ):
            answer = await person.client.post("/console/mine", data={"csrf": token}, headers={**FORM, **foreign})
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({}, b"x=" + b"y" * 70_000, 413),
        ({}, b"x=%ff%fe&csrf=\xff", 400),
    ],
)
async def test_what_is_no_form_is_refused(tmp_path: Path, headers: dict[str, str], body: bytes, status: int) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        person = await house.signed_in()
        answer = await person.client.post("/console/mine", content=body, headers={**FORM, **headers})
        assert answer.status_code == status


async def test_errors_are_pages_and_tell_nothing_of_a_fault(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES, grace_s=30.0) as house:
        reader = house.reader()
        fault = await reader.get("/console/broken")
        assert (fault.status_code, "ValueError" in fault.text, "broken</" in fault.text) == (500, False, False)
        assert [type(each) for each in house.reported] == [ValueError]
        missing = await reader.get("/console/nothing")
        assert (missing.status_code, "no such page" in text_of(missing.text)) == (404, True)
        assert (await reader.post("/console/open")).status_code == 405
        assert (await reader.get("/console/nothing?format=json")).json()["error"]["code"] == NotFound.code
        assert ((await reader.get("/console/stopped")).status_code, (await reader.get("/console/saved")).content) == (
            409,
            b"a,b\n",
        )
        house.door.drain.begin()
        draining = await reader.get("/console/open")
        assert (draining.status_code, "shutting down" in text_of(draining.text)) == (503, True)


async def test_pages_are_packed_and_those_of_a_session_are_not_kept(tmp_path: Path) -> None:
    async with a_house(tmp_path, *PAGES) as house:
        person, stranger = await house.signed_in(), house.reader()
        plain = await stranger.get("/console/open", accept_encoding="identity")
        assert (plain.headers.get("content-encoding"), plain.headers["cache-control"]) == (None, "private, no-cache")
        async with stranger.client.stream("GET", "/console/open", headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert (answer.headers["content-encoding"], gzip.decompress(raw)) == ("gzip", plain.content)
        assert (await person.get("/console/open")).headers["cache-control"] == "no-store"
        assert SECRET not in (await person.get("/console/mine")).text
