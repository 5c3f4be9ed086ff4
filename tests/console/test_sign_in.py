"""Signing in with a key or a link, and out again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.console.page import Audience, ConsolePage, View, Visit
from gateway.console.sign_in import ATTEMPTS_MOST
from gateway.identity.operators import local_operator
from gateway.identity.sessions import LINK_LASTS, SESSION_LASTS
from tests.builders import NOW
from tests.console.house import a_house, text_of
from tests.exchange.desk import SECRET


async def who(visit: Visit) -> View:
    person, operator = visit.visitor.principal, visit.visitor.operator
    return {"key": person.caller.id if person else None, "operator": operator.subject if operator else None}


ME = ConsolePage("/me", "sign_out.html", who, Audience.SIGNED_IN, label="Me")


async def test_a_key_is_exchanged_for_a_session_and_stands_nowhere(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        reader = house.reader()
        answer = await reader.send("/console/sign-in?next=/console/me", key=f" {SECRET} ", next="/console/me")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/me")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("sc=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert SECRET not in cookie
        assert await reader.json("/console/me") == {"key": "key_1", "operator": None}
        kept = [path.read_text() for path in (tmp_path / "sessions").iterdir() if path.is_file()]
        assert len(kept) == 1
        assert SECRET not in kept[0]
        assert reader.client.cookies["sc"] not in kept[0]


async def test_behind_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        reader = house.reader(host="llm.example.org", x_forwarded_proto="https")
        answer = await reader.send("/console/sign-in", key=SECRET)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-sc=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
        token = cookie.partition("=")[2].partition(";")[0]
        assert (await reader.get("/console/me", cookie=f"__Host-sc={token}")).status_code == 200
        assert (await reader.get("/console/me", cookie=f"sc={token}")).status_code == 303


async def test_nobody_signs_in_over_a_network_without_tls(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        reader = house.reader(host="10.1.2.3:8080")
        assert "not encrypted" in text_of((await reader.get("/console/sign-in")).text)
        assert (await reader.post("/console/sign-in", key=SECRET)).status_code == 401
        link = house.sessions.link(local_operator(7))
        assert (await reader.post(f"/console/enter/{link}")).status_code == 401


async def test_a_wrong_key_says_so_and_attempts_are_limited(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        reader = house.reader()
        for _ in range(ATTEMPTS_MOST):
            wrong = await reader.post("/console/sign-in", key="sc_wrong")
            assert (wrong.status_code, "opens nothing" in text_of(wrong.text)) == (401, True)
            assert "sc_wrong" not in wrong.text
        limited = await reader.post("/console/sign-in", key=SECRET)
        assert limited.status_code == 429
        assert 50 <= int(limited.headers["retry-after"]) <= 60


async def test_a_link_signs_one_administrator_in_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        link = f"/console/enter/{house.sessions.link(local_operator(1000))}"
        reader, late = house.reader(), house.reader()
        for _ in range(3):
            assert (await late.get(link)).status_code == 200  # looking at it does not use it up
        entered = await reader.post(link)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/me")
        assert await reader.json("/console/me") == {"key": None, "operator": "uid:1000"}
        assert (await late.post(link)).status_code == 401
        old = f"/console/enter/{house.sessions.link(local_operator(1000))}"
        house.now = NOW + LINK_LASTS
        assert (await late.post(old)).status_code == 401


async def test_a_session_ends_with_its_time_its_key_or_a_sign_out(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        person, other = await house.signed_in(), await house.administrator(SECRET)
        assert await other.json("/console/me") == {"key": "key_1", "operator": "uid:1000"}
        token = person.client.cookies["sc"]
        out = await person.send("/console/sign-out")
        assert (out.status_code, "Max-Age=0" in out.headers["set-cookie"]) == (303, True)
        assert (await person.get("/console/me", cookie=f"sc={token}")).status_code == 303
        await house.door.desk.keys.revoke(house.door.desk.key.id, NOW - timedelta(days=1))
        assert await other.json("/console/me") == {"key": None, "operator": "uid:1000"}
        house.now = NOW + SESSION_LASTS
        assert (await other.get("/console/me")).status_code == 303


async def test_nobody_is_led_elsewhere_after_a_sign_in(tmp_path: Path) -> None:
    async with a_house(tmp_path, ME) as house:
        for to in (
            "https://evil.example/",
            "//evil.example",
            "/console/../..//evil",
            "/console/\\evil",
            "javascript:1",
        ):
            answer = await house.reader().post("/console/sign-in", key=SECRET, next=to)
            assert answer.headers["location"] == "/console/me"
