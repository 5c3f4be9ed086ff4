from __future__ import annotations

import pytest

from gateway.core.errors import NotAllowed
from gateway.core.selection import EVERYTHING, Selection
from gateway.reports.sight import Sight
from tests.builders import a_principal

OWN = Sight(a_principal())


def test_a_key_sees_its_own_receipts_alone() -> None:
    assert OWN.limit(Selection(where={"team": "x"})).where == {"team": "x", "key": "key_1"}
    assert OWN.limit(Selection(where={"key": "key_1"})).where == {"key": "key_1"}
    assert (OWN.may_see("key_1"), OWN.may_see("key_2")) == (True, False)


def test_keys_of_others_are_refused_alike_whether_they_exist_or_not() -> None:
    refusals = set()
    for name in ("key_2", "key_that_never_was"):
        with pytest.raises(NotAllowed) as refused:
            OWN.limit(Selection(where={"key": name}))
        refusals.add(refused.value.message)
    assert len(refusals) == 1


def test_an_operator_sees_everything() -> None:
    assert Sight().limit(EVERYTHING) == EVERYTHING
    assert Sight().may_see("key_2")
