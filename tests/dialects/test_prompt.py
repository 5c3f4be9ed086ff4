"""A prompt stays sealed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from gateway.dialects.prompt import Prompt, Sealed
from gateway.dialects.strict_json import Document

SECRET = b"the patient has a broken arm"


def sealed() -> Prompt:
    return Prompt(Document(SECRET, {}))


ways_out: dict[str, Callable[[Prompt], object]] = {
    "str": str,
    "format": lambda p: f"{p}",
    "percent": lambda p: "%s" % p,  # noqa: UP031
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "json": json.dumps,
    "equality": lambda p: p == p,
    "hash": hash,
    "bytes": bytes,
    "len": len,
    "iteration": list,
}


@pytest.mark.parametrize("way", ways_out.values(), ids=ways_out.keys())
def test_every_way_out_refuses(way: Callable[[Prompt], object]) -> None:
    with pytest.raises(TypeError) as refused:
        way(sealed())
    assert "broken arm" not in str(refused.value)


def test_repr_says_nothing() -> None:
    assert repr(sealed()) == "Prompt(sealed)"


def test_refusals_are_ours() -> None:
    with pytest.raises(Sealed):
        str(sealed())
