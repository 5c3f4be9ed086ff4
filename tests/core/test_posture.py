from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.posture import (
    DIMENSIONS,
    UNBOUNDED,
    UNKNOWN,
    Breach,
    Dpa,
    LocationGuarantee,
    Logging,
    Party,
    Posture,
    ProviderCache,
    Training,
    Transfer,
    Value,
    meet_all,
    of,
    within,
    word,
)
from tests.builders import KIND_TREATMENT, a_posture
from tests.strategies import VALUES, postures

# --- the order -------------------------------------------------------------------------------------------------------


@given(postures)
def test_a_posture_is_within_itself(a: Posture) -> None:
    assert a <= a


@given(postures, postures)
def test_two_postures_within_each_other_are_equal(a: Posture, b: Posture) -> None:
    low = a.meet(b)
    assert (a <= b and b <= a) == (a == b)
    assert (low <= a and a <= low) == (low == a)


@given(postures, postures, postures)
def test_the_order_is_transitive(a: Posture, b: Posture, c: Posture) -> None:
    low, middle = a.meet(b).meet(c), a.meet(b)
    assert low <= middle
    assert middle <= a
    assert low <= a
    if a <= b and b <= c:
        assert a <= c


@given(postures)
def test_unknown_in_every_dimension_is_above_everything(a: Posture) -> None:
    assert a <= UNBOUNDED
    assert UNBOUNDED.breaches(a) == () if a == UNBOUNDED else UNBOUNDED.breaches(a)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@given(data=st.data())
def test_an_unknown_fact_is_refused_by_any_bound_on_its_dimension(dimension: str, data: st.DataObject) -> None:
    bound: Value = data.draw(VALUES[dimension])
    fact = of({**dict(KIND_TREATMENT), "retention_days": 1, "stored_in": frozenset(), dimension: UNKNOWN})
    assert not fact <= of({dimension: bound})


@pytest.mark.parametrize(
    ("dimension", "private_first"),
    [
        ("retention_days", [0, 1, 30, 3650]),
        ("training", [Training.NO, Training.OPT_OUT, Training.YES]),
        ("logging", [Logging.NONE, Logging.METADATA, Logging.ABUSE_MONITORING, Logging.FULL]),
        (
            "transfer",
            [
                Transfer.NOT_APPLICABLE,
                Transfer.ADEQUACY,
                Transfer.DPF,
                Transfer.BCR,
                Transfer.SCC,
                Transfer.NONE,
            ],
        ),
        ("dpa", [Dpa.IN_FORCE, Dpa.AVAILABLE, Dpa.MISSING]),
        ("provider_cache", [ProviderCache.NONE, ProviderCache.IN_MEMORY, ProviderCache.STORED]),
        (
            "location_guarantee",
            [LocationGuarantee.CONTRACTUAL, LocationGuarantee.DOCUMENTED, LocationGuarantee.NOT_GUARANTEED],
        ),
        ("processed_in", [frozenset(), frozenset({"DE"}), frozenset({"DE", "US"})]),
        ("stored_in", [frozenset(), frozenset({"DE"}), frozenset({"DE", "US"})]),
        ("jurisdiction", [frozenset(), frozenset({"DE"}), frozenset({"DE", "US"})]),
        ("third_party_access", [frozenset(), frozenset({Party.SUBPROCESSORS}), frozenset(Party)]),
    ],
)
def test_each_dimension_has_the_order_of_the_design(dimension: str, private_first: list[Value]) -> None:
    scale = [*private_first, UNKNOWN]
    for i, lower in enumerate(scale):
        for higher in scale[i + 1 :]:
            assert of({dimension: lower}) <= of({dimension: higher})
            assert not of({dimension: higher}) <= of({dimension: lower})
            assert within(lower, higher)
            assert not within(higher, lower)


def test_country_sets_neither_of_which_holds_the_other_are_not_comparable() -> None:
    germany, france = Posture(processed_in=frozenset({"DE"})), Posture(processed_in=frozenset({"FR"}))
    assert not germany <= france
    assert not france <= germany


# --- meet and join ---------------------------------------------------------------------------------------------------


@given(postures, postures, postures)
def test_meet_is_the_greatest_lower_bound(a: Posture, b: Posture, route: Posture) -> None:
    """Combining two policies forbids nothing that both allow, and allows nothing that one forbids."""
    assert a.meet(b) <= a
    assert a.meet(b) <= b
    assert (route <= a and route <= b) == (route <= a.meet(b))
    below = route.meet(a).meet(b)
    assert below <= a.meet(b)


@given(postures, postures, postures)
def test_join_is_the_least_upper_bound(a: Posture, b: Posture, bound: Posture) -> None:
    assert a <= a.join(b)
    assert b <= a.join(b)
    assert (a <= bound and b <= bound) == (a.join(b) <= bound)
    above = bound.join(a).join(b)
    assert a.join(b) <= above


@given(postures, postures, postures)
def test_meet_and_join_are_idempotent_commutative_associative(a: Posture, b: Posture, c: Posture) -> None:
    assert a.meet(a) == a == a.join(a)
    assert a.meet(b) == b.meet(a)
    assert a.join(b) == b.join(a)
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.join(b).join(c) == a.join(b.join(c))


@given(postures, postures)
def test_meet_and_join_absorb_each_other(a: Posture, b: Posture) -> None:
    assert a.meet(a.join(b)) == a
    assert a.join(a.meet(b)) == a


@given(postures)
def test_unbounded_is_neutral_for_meet_and_absorbs_join(a: Posture) -> None:
    assert a.meet(UNBOUNDED) == a
    assert a.join(UNBOUNDED) == UNBOUNDED


@given(st.lists(postures, max_size=4), postures)
def test_the_meet_of_many_admits_what_each_admits(bounds: list[Posture], route: Posture) -> None:
    assert (route <= meet_all(bounds)) == all(route <= bound for bound in bounds)
    assert meet_all([]) == UNBOUNDED


# --- nothing retained is stored nowhere ------------------------------------------------------------------------------


def test_zero_retention_empties_stored_in() -> None:
    assert Posture(retention_days=0).stored_in == frozenset()
    assert Posture(retention_days=0, stored_in=frozenset({"US"})).stored_in == frozenset()
    assert Posture(retention_days=1, stored_in=frozenset({"US"})).stored_in == frozenset({"US"})
    assert Posture(retention_days=1).stored_in is UNKNOWN


def test_a_meet_that_arrives_at_zero_retention_is_normalised_too() -> None:
    met = Posture(retention_days=0).meet(Posture(stored_in=frozenset({"SE"})))
    assert met.stored_in == frozenset()


def test_a_negative_retention_is_an_error() -> None:
    with pytest.raises(ValueError, match="retention_days"):
        Posture(retention_days=-1)


# --- breaches --------------------------------------------------------------------------------------------------------


@given(postures, postures)
def test_breaches_are_empty_exactly_when_within(route: Posture, bound: Posture) -> None:
    assert (not route.breaches(bound)) == (route <= bound)
    assert not route.meet(bound).breaches(bound)


@given(postures, postures)
def test_each_breach_is_a_dimension_that_exceeds_and_none_is_left_out(route: Posture, bound: Posture) -> None:
    found = {breach.dimension: breach for breach in route.breaches(bound)}
    for name, offered in route:
        demanded = getattr(bound, name)
        if name in found:
            assert found[name] == Breach(name, offered, demanded)
            assert not within(offered, demanded)
        elif not (name == "stored_in" and "retention_days" in found):
            assert within(offered, demanded)


@given(postures, postures)
def test_moving_the_breached_dimensions_to_the_bound_is_enough(route: Posture, bound: Posture) -> None:
    mended = dict(route) | {breach.dimension: breach.demanded for breach in route.breaches(bound)}
    assert of(mended) <= bound


def test_the_consequence_of_zero_retention_is_not_reported_beside_its_cause() -> None:
    kept = a_posture(retention_days=30, stored_in=frozenset({"US"}))
    assert [b.dimension for b in kept.breaches(Posture(retention_days=0))] == ["retention_days"]
    assert [b.dimension for b in kept.breaches(Posture(stored_in=frozenset()))] == ["stored_in"]
    both = kept.breaches(Posture(retention_days=7, stored_in=frozenset({"SE"})))
    assert [b.dimension for b in both] == ["stored_in", "retention_days"]


# --- values and words ------------------------------------------------------------------------------------------------


@given(postures)
def test_a_posture_is_rebuilt_from_its_pairs(a: Posture) -> None:
    assert of(dict(a)) == a
    assert tuple(name for name, _ in a) == DIMENSIONS
    assert hash(of(dict(a))) == hash(a)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (UNKNOWN, "unknown"),
        (Training.OPT_OUT, "opt_out"),
        (Logging.ABUSE_MONITORING, "abuse_monitoring"),
        (30, 30),
        (0, 0),
        (frozenset({"SE", "DE"}), ["DE", "SE"]),
        (frozenset(), []),
        (frozenset({Party.SUBPROCESSORS, Party.HUMAN_REVIEW}), ["human_review", "subprocessors"]),
    ],
)
def test_values_are_written_as_people_write_them(value: Value, written: object) -> None:
    assert word(value) == written


def test_unknown_prints_as_its_name() -> None:
    assert repr(UNKNOWN) == "UNKNOWN"


@given(postures)
def test_places_without_a_guarantee_are_unknown(posture: Posture) -> None:
    counted = posture.with_guaranteed_places()
    if within(posture.location_guarantee, LocationGuarantee.DOCUMENTED):
        assert counted == posture
    else:
        assert counted.processed_in is UNKNOWN
        assert counted.stored_in in (UNKNOWN, frozenset())
        assert posture <= counted
