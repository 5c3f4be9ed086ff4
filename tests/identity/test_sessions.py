from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.principal import Caller, principal
from gateway.identity.callers import KeyCallers
from gateway.identity.operators import ADMIN, local_operator
from gateway.identity.sessions import LINK_LASTS, NOBODY, SESSION_LASTS, Sessions, Visitor, form_token_of
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from gateway.stores.sessions.session_files import SessionFiles
from tests.builders import NOW, a_key, a_snapshot

SECRET = "sc_" + "s" * 43
SNAPSHOT = a_snapshot()


class Office:
    """Sessions over real files and keys; `now` is moved by a test."""

    def __init__(self, journal: Journal, directory: Path) -> None:
        self.now, self.keys = NOW, SqliteKeys(journal)
        self.sessions = Sessions(
            SessionFiles(directory / "s", self.time),
            SessionFiles(directory / "l", self.time),
            KeyCallers(self.keys),
            self.time,
        )

    def time(self) -> datetime:
        return self.now

    def visitor(self, token: str | None) -> Visitor:
        return self.sessions.visitor(token or "", lambda caller: principal(caller, SNAPSHOT))


@pytest.fixture
async def office(tmp_path: Path):  # type: ignore[no-untyped-def]
    journal = Journal.open(tmp_path, "process")
    made = Office(journal, tmp_path)
    await made.keys.create(a_key(digest=digest_of(SECRET)))
    yield made
    journal.close()


async def test_a_key_opens_a_session_of_that_key(office: Office) -> None:
    token = office.sessions.with_key(SECRET)
    visitor = office.visitor(token)
    assert visitor.principal is not None
    assert (visitor.principal.caller.id, visitor.operator, visitor.signed_in) == ("key_1", None, True)
    assert office.sessions.with_key("sc_wrong") is None
    assert [office.visitor(wrong) for wrong in ("", "x" * 43, SECRET, digest_of(str(token)))] == [NOBODY] * 4


async def test_the_token_of_forms_follows_from_the_session_and_does_not_give_it_away(office: Office) -> None:
    token = str(office.sessions.with_key(SECRET))
    form_token = office.visitor(token).form_token
    assert form_token == form_token_of(token)
    assert token not in form_token
    assert form_token not in (hashlib.sha256(token.encode()).hexdigest(), form_token_of(token + "x"))


async def test_a_session_ends_with_its_key(office: Office) -> None:
    token = office.sessions.with_key(SECRET)
    await office.keys.revoke(a_key().id, NOW)
    assert office.visitor(token) == NOBODY


async def test_a_link_is_used_once_and_opens_a_session_of_its_operator(office: Office) -> None:
    link = office.sessions.link(local_operator(7), digest_of(SECRET))
    assert office.visitor(link) == NOBODY, "a link is no session"
    visitor = office.visitor(office.sessions.with_link(link))
    assert visitor.operator is not None
    assert visitor.principal is not None
    assert (visitor.operator.role, visitor.operator.subject) == (ADMIN, "uid:7")
    assert office.sessions.with_link(link) is None
    token = office.sessions.with_key(SECRET)
    assert office.sessions.with_link(str(token)) is None, "a session is no link"


async def test_time_ends_links_and_sessions(office: Office) -> None:
    token, link = office.sessions.with_key(SECRET), office.sessions.link(local_operator(7))
    office.now = NOW + LINK_LASTS
    assert office.sessions.with_link(link) is None
    assert office.visitor(token) != NOBODY
    office.now = NOW + SESSION_LASTS - timedelta(seconds=1)
    assert office.visitor(token) != NOBODY
    office.now = NOW + SESSION_LASTS
    assert office.visitor(token) == NOBODY


async def test_a_session_can_be_ended(office: Office) -> None:
    token = str(office.sessions.with_key(SECRET))
    office.sessions.end(token)
    assert office.visitor(token) == NOBODY


async def test_a_caller_of_an_undeclared_team_is_nobody(office: Office) -> None:
    token = office.sessions.with_key(SECRET)

    def gone(_: Caller) -> None:
        return None

    assert office.sessions.visitor(str(token), gone) == NOBODY
