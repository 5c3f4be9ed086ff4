from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Json
from gateway.core.receipt import (
    EXACT,
    SECTIONS,
    ChainBreak,
    Kept,
    Link,
    Receipt,
    SharedSection,
    as_json,
    canonical,
    digest,
    draft_from,
    drafted,
    from_json,
    genesis,
    linked,
    opened,
    verify,
)
from tests.builders import a_receipt, an_attempt

# --- canonical bytes -------------------------------------------------------------------------------------------------

whole = st.integers(-(2**53) + 1, 2**53 - 1)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | whole | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def rfc_8785(value: Json) -> str:
    """The standard once more, in plain words, for values without floats."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(_escaped(c) for c in value) + '"'
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{rfc_8785(name)}:{rfc_8785(value[name])}" for name in ordered) + "}"
    return "[" + ",".join(rfc_8785(v) for v in value) + "]"


def _escaped(c: str) -> str:
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    return short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c)


@given(st.dictionaries(names, values, max_size=5))
def test_bytes_are_those_of_rfc_8785(value: dict[str, Json]) -> None:
    assert canonical(value) == rfc_8785(value).encode()


@given(st.dictionaries(names, values, max_size=5))
def test_equal_values_have_equal_bytes_whatever_the_order_of_their_members(value: dict[str, Json]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({}, b"{}"),
        ({"b": 1, "a": None, "B": True}, b'{"B":true,"a":null,"b":1}'),
        ({"a": "€\u2028\x7f"}, '{"a":"€\u2028\x7f"}'.encode()),
        ({"a": '\x00\x1f\t"\\/'}, b'{"a":"\\u0000\\u001f\\t\\"\\\\/"}'),
        ({"a": [2**53 - 1, -1, 0]}, b'{"a":[9007199254740991,-1,0]}'),
    ],
)
def test_canonical_examples(value: dict[str, Json], data: bytes) -> None:
    assert canonical(value) == data


def test_what_has_no_bytes_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})
    with pytest.raises(UnicodeEncodeError):
        canonical({"a": "\ud800"})


def test_a_receipts_bytes_hold_no_float_and_no_surprise() -> None:
    def floats(value: object) -> list[object]:
        if isinstance(value, dict | list):
            return [f for v in (value.values() if isinstance(value, dict) else value) for f in floats(v)]
        return [value] if isinstance(value, float) else []

    plain = json.loads(canonical(as_json(a_receipt())))
    assert floats(plain) == []
    assert canonical(plain) == canonical(as_json(a_receipt()))


# --- to plain values and back ----------------------------------------------------------------------------------------

counts = st.dictionaries(st.sampled_from(["input", "output", "cache_read"]), st.integers(0, EXACT), max_size=3)
attempts = st.builds(
    an_attempt,
    outcome=st.sampled_from(["served", "failed", "timeout", "left"]),
    cost=st.integers(0, EXACT),
    usage=counts,
    reported=counts,
    over_hold=st.booleans(),
    first_event_ms=st.integers(-1, 10**6),
)
codes = st.lists(st.sampled_from(["posture:training", "no_credential"])).map(tuple)
receipts = st.builds(
    a_receipt,
    id=texts,
    outcome=st.sampled_from(["served", "refused", "failed", "client_left", "interrupted"]),
    demand=st.dictionaries(names, values, max_size=3),
    plan=st.lists(st.sampled_from(["alpha/small", "beta/small"])).map(tuple),
    rejections=st.dictionaries(names, codes, max_size=3),
    attempts=st.lists(attempts, max_size=3).map(tuple),
    dropped=st.lists(names, max_size=2).map(tuple),
    cost=st.integers(0, EXACT),
)


@given(receipts)
def test_a_receipt_is_read_back_from_its_bytes(receipt: Receipt) -> None:
    assert from_json(as_json(receipt)) == receipt
    assert from_json(json.loads(canonical(as_json(receipt)))) == receipt
    assert draft_from(drafted(receipt)) == receipt


def test_plain_values_come_in_the_order_of_the_fields() -> None:
    plain = as_json(a_receipt())
    assert list(plain)[:3] == ["id", "began_at", "organisation"]
    assert list(plain)[-4:] == ["chain", "sequence", "previous", "erased"]
    assert plain["plan"] == ["alpha/small", "beta/small"]
    assert plain["rejections"] == {"gamma/small": ["posture:training", "no_credential"]}


@pytest.mark.parametrize("missing", ["id", "began_at"])
def test_what_is_not_a_receipt_is_not_read(missing: str) -> None:
    plain = as_json(a_receipt())
    del plain[missing]
    with pytest.raises(KeyError, match=missing):
        from_json(plain)


def test_an_attempt_of_another_shape_is_not_read() -> None:
    with pytest.raises(TypeError):
        from_json({**as_json(a_receipt()), "attempts": [{"route": "alpha/small", "outcome": "served", "new": 1}]})


def test_every_field_stands_in_one_place() -> None:
    head, place = ("id", "began_at", "schema"), ("chain", "sequence", "previous", "erased")
    sections = [name for members in SECTIONS.values() for name in members]
    assert sorted([*head, *place, *sections]) == sorted(f.name for f in fields(Receipt) if f.init)
    assert all(list(members) == sorted(members) for members in SECTIONS.values())
    assert list(SECTIONS) == sorted(SECTIONS)


def test_a_receipt_made_from_another_shares_no_bytes_with_it() -> None:
    receipt, who = a_receipt(), SharedSection()
    object.__setattr__(receipt, "shared", {"who": who})
    drafted(receipt)
    assert json.loads(who.encoded)["team"] == receipt.team
    assert draft_from(drafted(replace(receipt, team="other"))).team == "other"


def test_a_shared_section_is_written_once() -> None:
    who, written = SharedSection(), []

    def encode(value: Mapping[str, object]) -> bytes:
        written.append(tuple(value))
        return canonical(value)

    for name in ("A", "B"):
        receipt = a_receipt(name)
        object.__setattr__(receipt, "shared", {"who": who})
        assert draft_from(drafted(receipt, encode)) == receipt
    assert written.count(SECTIONS["who"]) == 1


def test_a_draft_of_schema_0_is_read() -> None:
    assert draft_from(canonical(OF_BEFORE)) == from_json(OF_BEFORE)


# --- schema 0 --------------------------------------------------------------------------------------------------------

OF_BEFORE: dict[str, Json] = {
    "id": "01JD0",
    "began_at": "2026-11-24T12:00:00.000Z",
    "organisation": "acme",
    "team": "research",
    "key": "key_1",
    "dialect": "openai_chat",
    "endpoint": "chat",
    "model": "small",
    "outcome": "served",
    "code": "",
    "policy": {"organisation": "open"},
    "snapshot": "5" * 64,
    "demand": {"streaming": True},
    "plan": ["alpha/small"],
    "rejections": {"gamma/small": ["posture:training"]},
    "attempts": [
        {"route": "beta/small", "outcome": "failed", "hold_id": "1"},
        {"route": "alpha/small", "outcome": "served", "hold_id": "2", "cost": 5, "usage": {"input": 3}},
    ],
    "route": "alpha/small",
    "posture": {"training": "no"},
    "posture_digest": "7" * 64,
    "evidence_from": "2026-11-23",
    "region": "declared:SE",
    "currency": "USD",
    "cost": 5,
    "dropped": [],
    "duration_ms": 9,
    "chain": "01JDCHAIN",
    "sequence": 1,
    "previous": "before",
}
"""A receipt as version 0 wrote it, before there were end users."""


def test_a_receipt_of_schema_0_is_read_in_the_words_of_today() -> None:
    receipt = from_json(opened(canonical(OF_BEFORE), {}))
    assert (receipt.schema, receipt.operation, receipt.documents) == (0, "chat", "5" * 64)
    assert (receipt.team, receipt.end_user, receipt.cost, receipt.region) == ("research", "", 5, "declared:SE")
    failed, answered = receipt.attempts
    assert (failed.posture_digest, failed.evidence_from) == ("", "")
    assert (answered.posture_digest, answered.evidence_from) == ("7" * 64, "2026-11-23")
    assert from_json(OF_BEFORE) == receipt
    assert from_json(as_json(receipt)) == receipt


def test_a_chain_may_hold_both_schemas() -> None:
    first = canonical({**OF_BEFORE, "chain": CHAIN, "previous": genesis(CHAIN)})
    head, own, sections = linked(a_receipt(), Link(CHAIN, 2, digest(first)), SALTS)
    links = [Kept(first, digest(first), dict.fromkeys(SECTIONS)), Kept(head, own, sections)]
    assert verify(CHAIN, links, own) is None
    forged_one = Kept(first.replace(b"research", b"resaerch"), digest(first), {})
    assert verify(CHAIN, [forged_one, links[1]]) == ChainBreak(1, CHANGED)


# --- the chain -------------------------------------------------------------------------------------------------------

CHAIN = "01JDCHAIN"


SALTS = bytes(range(64))
CHANGED = "the receipt was changed after it was written"


def chain_of(*receipts: Receipt, name: str = CHAIN) -> list[Kept]:
    links, previous = [], genesis(name)
    for sequence, receipt in enumerate(receipts, start=1):
        written = linked(receipt, Link(name, sequence, previous), SALTS)
        links.append(Kept(*written))
        previous = written.digest
    return links


FOUR = [a_receipt(f"01JD{n}", cost=n) for n in range(4)]
LINKS = chain_of(*FOUR)
HEAD = LINKS[-1].digest


def forged(link: Kept, **changed: Json) -> Kept:
    """The link with members of its head changed and its own digest made to fit."""
    head = canonical({**json.loads(link.head), **changed})
    return Kept(head, digest(head), link.sections)


def test_a_link_is_a_head_that_names_its_salted_sections() -> None:
    head, own, sections = linked(a_receipt(), Link(CHAIN, 7, "before"), SALTS)
    assert own == digest(head)
    assert json.loads(head) == {
        "schema": 1,
        "id": a_receipt().id,
        "began_at": a_receipt().began_at,
        "chain": CHAIN,
        "sequence": 7,
        "previous": "before",
        "sections": {name: digest(salted) for name, salted in sections.items()},
    }
    assert b"".join(salted[:16] for salted in sections.values()) == SALTS
    assert json.loads(sections["who"][16:]) == {
        "organisation": "acme",
        "team": "research",
        "key": "key_1",
        "end_user": "",
    }
    assert linked(a_receipt(), Link(CHAIN, 7, "before"), SALTS) == (head, own, sections)


def test_the_same_section_has_another_digest_under_another_salt() -> None:
    one, other = (linked(a_receipt(), Link(CHAIN, 1, "p"), salt * 64) for salt in (b"a", b"b"))
    for name in SECTIONS:
        assert one.sections[name][16:] == other.sections[name][16:]
        assert json.loads(one.head)["sections"][name] != json.loads(other.head)["sections"][name]


@given(receipts)
def test_head_and_sections_are_those_of_rfc_8785(receipt: Receipt) -> None:
    written = linked(receipt, Link(CHAIN, 1, genesis(CHAIN)), SALTS)
    assert written.head == rfc_8785(json.loads(written.head)).encode()
    for salted in written.sections.values():
        assert salted[16:] == rfc_8785(json.loads(salted[16:])).encode()


@given(receipts)
def test_a_receipt_is_read_back_from_its_head_and_sections(receipt: Receipt) -> None:
    written = linked(receipt, Link(CHAIN, 7, "before"), SALTS)
    expected = replace(receipt, chain=CHAIN, sequence=7, previous="before")
    assert from_json(opened(written.head, written.sections)) == expected


@given(st.sets(st.sampled_from([*SECTIONS])), receipts)
def test_a_chain_holds_though_sections_of_it_are_erased(erased: set[str], receipt: Receipt) -> None:
    links = chain_of(receipt, *FOUR)
    kept = {name: None if name in erased else salted for name, salted in links[0].sections.items()}
    assert verify(CHAIN, [links[0]._replace(sections=kept), *links[1:]], links[-1].digest) is None
    read = from_json(opened(links[0].head, kept))
    assert read.erased == tuple(sorted(erased))
    assert read.id == receipt.id
    assert (read.key, read.model) == ("" if "who" in erased else "key_1", "" if "asked" in erased else "small")


@given(st.sampled_from([*SECTIONS]), st.integers(0, 3), st.data())
def test_any_changed_byte_of_a_section_is_noticed(name: str, at: int, data: st.DataObject) -> None:
    salted = bytearray(LINKS[at].sections[name] or b"")
    salted[data.draw(st.integers(0, len(salted) - 1))] ^= data.draw(st.integers(1, 255))
    changed = LINKS[at]._replace(sections={**LINKS[at].sections, name: bytes(salted)})
    broken = verify(CHAIN, [*LINKS[:at], changed, *LINKS[at + 1 :]])
    assert broken == ChainBreak(at + 1, f"the section `{name}` was changed after it was written")


def test_a_section_that_the_head_does_not_name_is_noticed() -> None:
    strange = LINKS[0]._replace(sections={**LINKS[0].sections, "more": b"x" * 20})
    assert verify(CHAIN, [strange]) == ChainBreak(1, "the section `more` was changed after it was written")


@given(st.lists(receipts, max_size=4))
def test_a_chain_as_written_holds(several: list[Receipt]) -> None:
    links = chain_of(*several)
    assert verify(CHAIN, tuple(links)) is None
    assert verify(CHAIN, tuple(links), links[-1].digest if links else genesis(CHAIN)) is None


def test_two_chains_begin_differently() -> None:
    assert genesis("a") != genesis("b")
    assert chain_of(a_receipt(), name="a")[0].digest != chain_of(a_receipt(), name="b")[0].digest


@given(st.integers(0, 3), st.data())
def test_any_changed_byte_is_noticed(at: int, data: st.DataObject) -> None:
    original, own, sections = LINKS[at]
    position = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[position] ^= data.draw(st.integers(1, 255))
    links = [*LINKS[:at], Kept(bytes(changed), own, sections), *LINKS[at + 1 :]]
    assert verify(CHAIN, tuple(links)) == ChainBreak(at + 1, CHANGED)


@pytest.mark.parametrize("at", range(3))
def test_a_change_with_a_digest_made_to_fit_is_noticed_by_the_next_link(at: int) -> None:
    links = [*LINKS[:at], forged(LINKS[at], began_at="2020-01-01T00:00:00.000Z"), *LINKS[at + 1 :]]
    broken = verify(CHAIN, tuple(links))
    assert broken == ChainBreak(at + 2, "the receipt before this one was changed or removed")


@pytest.mark.parametrize("at", range(3))
def test_a_removed_receipt_is_noticed(at: int) -> None:
    broken = verify(CHAIN, tuple(LINKS[:at] + LINKS[at + 1 :]))
    assert broken == ChainBreak(at + 1, "a receipt is missing or was moved")


@pytest.mark.parametrize("at", range(3))
def test_a_removed_receipt_is_noticed_though_the_rest_was_renumbered(at: int) -> None:
    rest = [forged(link, sequence=at + 1 + n) for n, link in enumerate(LINKS[at + 1 :])]
    broken = verify(CHAIN, (*LINKS[:at], *rest))
    assert broken == ChainBreak(at + 1, "the receipt before this one was changed or removed")


@given(st.permutations(range(4)))
def test_receipts_in_another_order_are_noticed(order: list[int]) -> None:
    broken = verify(CHAIN, tuple(LINKS[n] for n in order))
    assert (broken is None) == (order == [0, 1, 2, 3])


def test_a_receipt_told_twice_is_noticed() -> None:
    assert verify(CHAIN, (LINKS[0], LINKS[0], *LINKS[1:])) == ChainBreak(2, "a receipt is missing or was moved")


def test_a_link_of_another_chain_is_noticed() -> None:
    other = chain_of(*FOUR, name="other")
    assert verify(CHAIN, (LINKS[0], other[1])) == ChainBreak(2, "a receipt is missing or was moved")
    assert verify("other", tuple(LINKS)) == ChainBreak(1, "a receipt is missing or was moved")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b"null", b'{"chain":"01JDCHAIN","sequence":2}'])
def test_what_is_no_receipt_breaks_a_chain(data: bytes) -> None:
    broken = verify(CHAIN, (LINKS[0], Kept(data, digest(data), {})))
    assert broken is not None
    assert broken.sequence == 2


@pytest.mark.parametrize("kept", range(4))
def test_receipts_missing_from_the_end_are_noticed_by_a_signed_head(kept: int) -> None:
    short = tuple(LINKS[:kept])
    assert verify(CHAIN, short) is None
    assert verify(CHAIN, short, HEAD) == ChainBreak(kept + 1, "receipts up to the signed head are missing")


def test_a_chain_may_have_grown_since_its_head_was_signed() -> None:
    assert verify(CHAIN, tuple(LINKS), LINKS[1].digest) is None
    assert verify(CHAIN, tuple(LINKS), HEAD) is None


def test_a_digest_is_the_sha_256_in_hex() -> None:
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
