"""Ids of calls in the form that Converse takes."""

from __future__ import annotations

import pytest

from gateway.dialects.bedrock_converse.ids import plain
from gateway.dialects.signatures import signed_id


@pytest.mark.parametrize("id_", ["tooluse_abc-1", "a.b:c", "x" * 64])
def test_an_id_that_converse_takes_stays(id_: str) -> None:
    assert plain(id_) == id_
    assert plain(signed_id(id_, "signature")) == id_


@pytest.mark.parametrize("id_", ["", "a b", "x" * 65, "ä"])
def test_another_id_becomes_one_that_follows_from_it(id_: str) -> None:
    assert plain(id_) == plain(id_)
    assert plain(id_).startswith("call_")
    assert plain(id_) != plain(id_ + "!")
