from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.receipt import Link, Receipt, as_json, canonical, digest, genesis
from gateway.stores.books.counters import Charge
from gateway.stores.journal.chain import Chain, canonical_bytes, charges_from, charges_text, stored
from gateway.stores.journal.schema import migrate
from tests.builders import a_receipt, an_attempt

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
counts = st.dictionaries(words, st.integers(-(2**70), 2**70), max_size=3)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    yield opened
    opened.close()


def appended(connection: sqlite3.Connection, chain: Chain, receipt: Receipt) -> Receipt:
    """The receipt as it stands in the chain now."""
    chain.append(connection, receipt, ())
    found = stored(connection, receipt.id)
    assert found is not None
    return found


@settings(database=None)
@given(words, counts, st.dictionaries(words, st.lists(words, max_size=2).map(tuple), max_size=3), st.integers(0, 2**70))
def test_the_bytes_are_those_of_the_core(
    word: str, usage: dict[str, int], rejections: dict[str, tuple[str, ...]], cost: int
) -> None:
    attempt = an_attempt(route=word, reported=usage, cost=cost)
    receipt = a_receipt(model=word, rejections=MappingProxyType(rejections), attempts=(attempt, attempt), cost=cost)
    assert canonical_bytes(receipt) == canonical(as_json(receipt))
    link = Link("one", 7, "before")
    assert canonical_bytes(receipt, link) == canonical(as_json(receipt) | link._asdict())


def test_each_receipt_names_the_digest_of_the_one_before(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    first = appended(connection, chain, a_receipt("A"))
    second = appended(connection, chain, a_receipt("B"))
    assert (first.sequence, first.previous) == (1, genesis("one"))
    assert (second.sequence, second.previous) == (2, digest(canonical(as_json(first))))


def test_after_a_rollback_the_chain_goes_on_from_what_is_in_the_file(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    first = appended(connection, chain, a_receipt("A"))
    connection.execute("BEGIN")
    chain.append(connection, a_receipt("B"), ())
    connection.execute("ROLLBACK")
    chain.forget()
    again = appended(connection, chain, a_receipt("C"))
    assert (again.sequence, again.previous) == (2, digest(canonical(as_json(first))))


def test_chains_do_not_mix(connection: sqlite3.Connection) -> None:
    Chain("one").append(connection, a_receipt("A"), ())
    link = appended(connection, Chain("two"), a_receipt("B"))
    assert (link.sequence, link.previous) == (1, genesis("two"))


def test_a_receipt_is_appended_once(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    first = appended(connection, chain, a_receipt("A"))
    with pytest.raises(sqlite3.IntegrityError):
        chain.append(connection, a_receipt("A", cost=9), ())
    assert stored(connection, "A") == first
    link = appended(connection, chain, a_receipt("B"))
    assert link.sequence == 2


def test_what_reports_group_by_stands_beside_the_receipt(connection: sqlite3.Connection) -> None:
    policy = {"organisation": "open", "team": "eu", "key": "eu-zero", "request": "inline"}
    attempts = (an_attempt(usage={"input": 1, "output": 2}), an_attempt(usage={"input": 10}))
    receipt = a_receipt(
        "A", policy=policy, attempts=attempts, route="alpha/small@fast", began_at="2026-11-24T23:59:59.999Z"
    )
    Chain("one").append(connection, receipt, [Charge(5, ("team/a",), 3)])
    columns = "day, team, key, model, provider, route, policy, outcome, cost, usage, charges"
    assert connection.execute(f"SELECT {columns} FROM receipts").fetchone() == (
        *("2026-11-24", "research", "key_1", "small", "alpha", "alpha/small@fast", "eu-zero", "served", receipt.cost),
        *('{"input":11,"output":2}', '[[5,["team/a"],3]]'),
    )


def test_the_register_knows_the_head(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    chain.begin(connection)
    chain.note(connection)
    assert connection.execute("SELECT * FROM chains").fetchall() == [("one", 1, "")]
    link = appended(connection, chain, a_receipt("A"))
    chain.note(connection)
    assert connection.execute("SELECT head FROM chains").fetchall() == [
        (digest(canonical_bytes(link, Link(link.chain, link.sequence, link.previous))),)
    ]


def test_charges_are_read_as_they_were_written() -> None:
    charges = [Charge(5, ("team/a", "key/b"), 3), Charge(6, ("key/b",), 2**53, zone="Europe/Stockholm")]
    assert charges_from(charges_text(charges)) == charges
    assert charges_from(charges_text([])) == []


def test_a_link_differs_from_its_receipt_by_its_place_only(connection: sqlite3.Connection) -> None:
    receipt = a_receipt("A")
    link = appended(connection, Chain("one"), receipt)
    assert replace(link, chain="", sequence=0, previous="") == receipt
