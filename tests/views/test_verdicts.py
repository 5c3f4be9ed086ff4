from __future__ import annotations

import pytest

from gateway.core.evaluation import Kind, Reason
from gateway.views.catalogue_index import ViewerMasks
from gateway.views.verdicts import Verdict, best_of, verdict_of, verdict_of_masks


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [
        ([], Verdict.USABLE),
        ([Kind.NO_CREDENTIAL], Verdict.UNCONNECTED),
        ([Kind.NOT_CALLABLE, Kind.COOLING_DOWN], Verdict.UNCONNECTED),
        ([Kind.COOLING_DOWN], Verdict.RESTING),
        ([Kind.LOCKED_OUT], Verdict.RESTING),
        ([Kind.RETIRED, Kind.NO_CREDENTIAL], Verdict.ENDED),
        ([Kind.POSTURE, Kind.NO_CREDENTIAL], Verdict.REFUSED),
        ([Kind.EVIDENCE], Verdict.REFUSED),
        ([Kind.UNPRICED, Kind.RETIRED], Verdict.REFUSED),
    ],
)
def test_a_verdict_follows_from_the_kinds_of_reasons(kinds: list[Kind], verdict: Verdict) -> None:
    assert verdict_of([Reason(kind) for kind in kinds]) is verdict


def test_the_verdict_on_a_model_is_that_of_its_best_route() -> None:
    assert best_of([]) is None
    assert best_of([Verdict.REFUSED, Verdict.UNCONNECTED]) is Verdict.UNCONNECTED
    assert best_of([Verdict.REFUSED, Verdict.USABLE]) is Verdict.USABLE


def test_a_long_list_tells_three_verdicts_by_masks() -> None:
    masks = ViewerMasks(admitted=0b011, usable=0b001)
    names = [verdict_of_masks(bit, masks)["name"] for bit in range(3)]
    assert names == ["usable", "unconnected", "refused"]
    assert Verdict.REFUSED.view == {"name": "refused", "mark": "poor", "words": "Refused by policy"}
