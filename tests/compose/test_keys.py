from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.compose.keys import first_key, joined, keys_of_all, of_keys
from gateway.settings import Settings, read
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import digest_of
from gateway.stores.keys.shared_keys import KeyStoreAlone, KeyStoreShared
from gateway.stores.keys.sibling_keys import open_keys
from gateway.telemetry import events
from gateway.telemetry.log import Log
from tests.builders import a_snapshot
from tests.stores.books_in import run
from tests.stores.postgres_server import fresh_database

AWAY = "postgresql:///none?host=/nonexistent"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "process")
    yield opened
    opened.close()


def settings(url: str) -> Settings:
    return read({"SAFECONDUCT_LEDGER_URL": url})


def test_gateways_without_a_postgres_have_keys_of_their_own() -> None:
    assert keys_of_all(settings(""), "acme") is None


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(StoreRefused):
        keys_of_all(settings("postgresql://u@/x?nothing=1"), "acme")


def test_what_is_noticed_is_an_event() -> None:
    assert of_keys(KeyStoreAlone("timeout", 3)) == events.KeysAlone("timeout", 3)
    assert of_keys(KeyStoreShared(2)) == events.KeysShared(2)


@pytest.mark.parametrize("url", ["", AWAY])
def test_a_first_key_opens_whoever_is_away(journal: Journal, tmp_path: Path, url: str) -> None:
    with open_keys(journal, tmp_path, keys_of_all(settings(url), "acme")) as keys:
        heard = io.BytesIO()
        secret = run(lambda: first_key(keys, a_snapshot(), "open", Log(heard)))
        assert (event := json.loads(heard.getvalue()))["event"] == "key_created"
        assert event["actor"] == f"uid:{os.geteuid()}"
        run(lambda: joined(keys))
        found = keys.find(digest_of(secret))
        assert found is not None
        assert (found.team, found.policy) == ("research", "open")


def test_a_start_shows_its_keys_to_the_others_and_learns_theirs(tmp_path: Path) -> None:
    far, digests = keys_of_all(settings(fresh_database()), "acme"), []
    for name in ("one", "two"):
        own = Journal.open(tmp_path / name, "process")
        with open_keys(own, tmp_path / name, far) as keys:
            digests.append(digest_of(run(lambda: first_key(keys, a_snapshot(), "open", Log(io.BytesIO())))))
            run(lambda: joined(keys))
            assert {key.digest for key in run(keys.all)} == {*digests}
        own.close()
