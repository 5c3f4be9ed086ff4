from __future__ import annotations

from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.receipt import SECTIONS, Link, canonical, draft_from, drafted, linked, section_values
from gateway.stores.journal.encoding import encoded
from tests.builders import a_receipt, an_attempt

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=8)
counts = st.dictionaries(names, st.integers(-(2**70), 2**70), max_size=3)


@settings(database=None)
@given(words, counts, st.dictionaries(names, st.lists(words, max_size=2).map(tuple), max_size=3), st.integers(0, 2**70))
def test_the_bytes_are_those_of_the_core(
    word: str, usage: dict[str, int], rejections: dict[str, tuple[str, ...]], cost: int
) -> None:
    attempt = an_attempt(route=word, reported=MappingProxyType(usage), cost=cost)
    receipt = a_receipt(model=word, rejections=rejections, attempts=(attempt, attempt), cost=cost)
    for name in SECTIONS:
        plain = section_values(receipt, name)
        assert encoded(plain) == canonical(plain)
    assert draft_from(drafted(receipt, encoded)) == receipt


def test_a_link_is_the_same_whoever_writes_it() -> None:
    place, salts = Link("one", 7, "before"), bytes(64)
    assert linked(a_receipt(), place, salts, encoded) == linked(a_receipt(), place, salts)
