from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.core.receipt import SECTIONS, ChainBreak, Receipt, SharedSection, digest, genesis, verify
from gateway.stores.holds import Charge
from gateway.stores.journal.chain import Chain, charges_from, charges_text, stored, unlinked
from gateway.stores.journal.rows import RECORD_IN_JOURNAL, kept_in
from gateway.stores.journal.schema import migrate
from tests.builders import a_receipt, an_attempt


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    yield opened
    opened.close()


def head_of(connection: sqlite3.Connection, receipt: Receipt) -> str:
    """The digest of a stored receipt's head."""
    found = connection.execute("SELECT data, digest FROM receipts WHERE id = ?", (receipt.id,)).fetchone()
    assert digest(found[0]) == found[1]
    return str(found[1])


def appended(connection: sqlite3.Connection, chain: Chain, receipt: Receipt) -> Receipt:
    """The receipt as it stands in the chain now."""
    chain.append(connection, receipt, ())
    found = stored(connection, receipt.id)
    assert found is not None
    return found


def test_each_receipt_names_the_digest_of_the_one_before(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    first = appended(connection, chain, a_receipt("A"))
    second = appended(connection, chain, a_receipt("B"))
    assert (first.sequence, first.previous) == (1, genesis("one"))
    assert (second.sequence, second.previous) == (2, head_of(connection, first))


def test_after_a_rollback_the_chain_goes_on_from_what_is_in_the_file(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    first = appended(connection, chain, a_receipt("A"))
    connection.execute("BEGIN")
    chain.append(connection, a_receipt("B"), ())
    connection.execute("ROLLBACK")
    chain.forget()
    again = appended(connection, chain, a_receipt("C"))
    assert (again.sequence, again.previous) == (2, head_of(connection, first))


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
    assert connection.execute("SELECT head FROM chains").fetchall() == [(head_of(connection, link),)]


def test_each_section_of_each_receipt_has_a_salt_of_its_own(connection: sqlite3.Connection) -> None:
    chain = Chain("one")
    for name in "ABC":
        chain.append(connection, a_receipt(name), ())
    rows = connection.execute(f"SELECT {', '.join(SECTIONS)} FROM receipts").fetchall()
    assert len({section[:16] for row in rows for section in row}) == 3 * len(SECTIONS)


def sharing(name: str, shared: SharedSection, **changes: object) -> Receipt:
    """A receipt whose section `decided` other receipts have as well."""
    receipt = a_receipt(name, **changes)
    object.__setattr__(receipt, "shared", {"decided": shared})
    return receipt


def test_a_decision_that_several_receipts_share_is_written_once(connection: sqlite3.Connection) -> None:
    chain, one, other = Chain("one"), SharedSection(), SharedSection()
    receipts = [sharing(name, one, plan=("alpha/small",)) for name in "ABCD"]
    receipts.append(sharing("E", other, plan=("beta/small",)))
    links = [appended(connection, chain, receipt) for receipt in receipts]
    assert [unlinked(link) for link in links] == receipts
    (lengths,) = zip(*connection.execute("SELECT LENGTH(decided) > 16 FROM receipts ORDER BY row"), strict=True)
    assert lengths == (1, 0, 0, 0, 1)  # a body that comes once stays where it is
    assert connection.execute("SELECT body FROM decisions").fetchall() == [(one.encoded,)]
    rows = connection.execute(f"SELECT {RECORD_IN_JOURNAL} FROM receipts ORDER BY row").fetchall()
    assert verify("one", map(kept_in, rows)) is None
    connection.execute("UPDATE decisions SET body = X'7B7D'")
    rows = connection.execute(f"SELECT {RECORD_IN_JOURNAL} FROM receipts ORDER BY row").fetchall()
    assert verify("one", map(kept_in, rows)) == ChainBreak(2, "the section `decided` was changed after it was written")


def test_an_erased_decision_stays_erased_though_others_share_it(connection: sqlite3.Connection) -> None:
    chain, shared = Chain("one"), SharedSection()
    for name in "ABC":
        chain.append(connection, sharing(name, shared), ())
    connection.execute("UPDATE receipts SET decided = NULL WHERE id = 'B'")
    erased = [found.erased for name in "ABC" if (found := stored(connection, name)) is not None]
    assert erased == [(), ("decided",), ()]


def test_after_a_rollback_a_decision_is_written_anew(connection: sqlite3.Connection) -> None:
    chain, shared = Chain("one"), SharedSection()
    connection.execute("BEGIN")
    for name in "AB":
        chain.append(connection, sharing(name, shared), ())
    connection.execute("ROLLBACK")
    chain.forget()
    links = [appended(connection, chain, sharing(name, shared)) for name in "ABC"]
    assert [unlinked(link) for link in links] == [a_receipt(name) for name in "ABC"]


def test_charges_are_read_as_they_were_written() -> None:
    charges = [Charge(5, ("team/a", "key/b"), 3), Charge(6, ("key/b",), 2**53, zone="Europe/Stockholm")]
    assert charges_from(charges_text(charges)) == charges
    assert charges_from(charges_text([])) == []


def test_a_link_differs_from_its_receipt_by_its_place_only(connection: sqlite3.Connection) -> None:
    receipt = a_receipt("A")
    link = appended(connection, Chain("one"), receipt)
    assert replace(link, chain="", sequence=0, previous="") == receipt
