"""The vocabulary of faults."""

from __future__ import annotations

from typing import get_args

from gateway.upstream.faults import LOCAL_KINDS, FaultKind, UpstreamFault


def test_a_fault_is_its_kind_and_what_was_sent() -> None:
    fault = UpstreamFault("proxy", "nothing")
    assert (fault.kind, fault.sent, fault.args) == ("proxy", "nothing", ("proxy", "nothing"))


def test_kinds_are_words_that_a_receipt_can_hold() -> None:
    kinds = get_args(FaultKind)
    assert len(set(kinds)) == len(kinds)
    assert all(kind.isascii() and kind.isalpha() and kind.islower() for kind in kinds)
    assert set(kinds) > LOCAL_KINDS
