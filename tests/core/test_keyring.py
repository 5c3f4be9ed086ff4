from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import InvalidRequest, NotAllowed
from gateway.core.keyring import Rotation, created, lacking, revoked, rotated, secrets_of, strictest, united
from gateway.core.organisation import Budget
from gateway.core.principal import Key, KeyId
from tests.builders import NOW, a_key, a_principal

DAY = timedelta(days=1)
ONE, TWO = a_key(digest="1" * 64), a_key("key_2", digest="2" * 64)
FRESH = "f" * 64

moments = st.none() | st.integers(0, 3).map(lambda days: NOW + days * DAY)
secrets = st.builds(
    lambda digest, expires_at, revoked_at: a_key(digest=digest, expires_at=expires_at, revoked_at=revoked_at),
    st.sampled_from("abc"),
    moments,
    moments,
)
stores = st.lists(secrets, unique_by=lambda key: key.digest)


def taught(store: Sequence[Key], other: Sequence[Key]) -> dict[str, Key]:
    """What a store knows once it took what it lacks."""
    known = {key.digest: key for key in store}
    for key in lacking(store, other):
        known[key.digest] = strictest(known.get(key.digest, key), key)
    return known


def test_a_new_key_is_the_change() -> None:
    assert created(ONE)([TWO]) == (ONE,)


def test_a_revocation_closes_every_secret_and_no_other_key() -> None:
    second = a_key(digest=FRESH, created_at=NOW + DAY)
    assert [key.digest for key in revoked(ONE.id, NOW)([ONE, TWO, second])] == [FRESH, ONE.digest]
    assert {key.revoked_at for key in revoked(ONE.id, NOW)([ONE, second])} == {NOW}
    assert revoked(KeyId("key_none"), NOW)([ONE]) == ()


def test_the_first_revocation_counts() -> None:
    first = revoked(ONE.id, NOW)([ONE])
    assert revoked(ONE.id, NOW + DAY)(first) == first


@pytest.mark.parametrize(
    ("expires_at", "of_the_new", "ends"),
    [
        (None, None, NOW + 8 * DAY),
        (NOW + 3 * DAY, NOW + 4 * DAY, NOW + 3 * DAY),
        (NOW + 30 * DAY, NOW + 31 * DAY, NOW + 8 * DAY),
    ],
)
def test_a_new_secret_lives_as_long_as_the_old_one_was_to_which_ends_after_the_overlap(
    expires_at: datetime | None, of_the_new: datetime | None, ends: datetime
) -> None:
    old = a_key(digest="1" * 64, expires_at=expires_at, classes=frozenset({"personal"}))
    fresh, replaced = rotated(old.id, Rotation(FRESH, NOW + DAY, 7 * DAY))([TWO, old])
    assert fresh == a_key(digest=FRESH, created_at=NOW + DAY, expires_at=of_the_new, classes=frozenset({"personal"}))
    assert replaced == a_key(digest="1" * 64, expires_at=ends, classes=frozenset({"personal"}))


def test_an_end_that_is_stated_is_that_of_the_new_secret() -> None:
    fresh, _ = rotated(ONE.id, Rotation(FRESH, NOW, DAY, NOW + 2 * DAY))([ONE])
    assert fresh.expires_at == NOW + 2 * DAY


def test_without_an_overlap_the_old_secret_is_closed_whatever_clocks_say() -> None:
    fresh, replaced = rotated(ONE.id, Rotation(FRESH, NOW, timedelta()))([ONE])
    assert (fresh.state(NOW), replaced.state(NOW - DAY)) == ("active", "revoked")


def test_a_clock_that_is_behind_rotates_all_the_same() -> None:
    second = rotated(ONE.id, Rotation("2" * 64, NOW + DAY, timedelta()))([ONE])
    third = rotated(ONE.id, Rotation("3" * 64, NOW - DAY, timedelta()))(second)
    assert [key.digest for key in secrets_of(ONE.id, third)] == ["3" * 64, "2" * 64, "1" * 64]
    assert [key.state(NOW) for key in third] == ["active", "revoked", "revoked"]


def test_a_revoked_key_gets_no_other_secret() -> None:
    with pytest.raises(InvalidRequest):
        rotated(ONE.id, Rotation(FRESH, NOW, DAY))(revoked(ONE.id, NOW)([ONE]))


def test_a_holder_rotates_by_the_newest_secret_and_lengthens_no_life() -> None:
    old = replace(ONE, expires_at=NOW + 3 * DAY)
    fresh, replaced = rotated(old.id, Rotation(FRESH, NOW + DAY, DAY, NOW + 9 * DAY, by=old.digest))([old])
    assert (fresh.expires_at, replaced.expires_at) == (NOW + 3 * DAY, NOW + 2 * DAY)
    with pytest.raises(NotAllowed):
        rotated(old.id, Rotation("3" * 64, NOW + DAY, DAY, by=old.digest))([fresh, replaced])


def test_no_key_is_rotated_that_is_not_there() -> None:
    assert rotated(KeyId("key_none"), Rotation(FRESH, NOW, DAY))([ONE]) == ()


@given(stores, stores)
def test_stores_that_learn_from_one_another_know_the_same(one: Sequence[Key], other: Sequence[Key]) -> None:
    assert taught(one, other) == taught(other, one)
    assert lacking(list(taught(one, other).values()), [*one, *other]) == []


@given(stores, stores)
def test_nothing_is_ever_open_again(one: Sequence[Key], other: Sequence[Key]) -> None:
    for known in (taught(one, other), {key.digest: key for key in united(one, other)}):
        assert known.keys() == {key.digest for key in [*one, *other]}
        for key in [*one, *other]:
            assert strictest(known[key.digest], key) == known[key.digest]


def test_a_revocation_that_comes_late_holds_for_the_secrets_of_meanwhile() -> None:
    """Revoked at a gateway that was cut off, and rotated at another before that was known."""
    far = rotated(ONE.id, Rotation(FRESH, NOW + DAY, DAY))([ONE])
    known = united([*far, TWO], revoked(ONE.id, NOW)([ONE]))
    assert {key.digest: key.revoked_at for key in known} == {ONE.digest: NOW, FRESH: NOW, TWO.digest: None}


def test_both_secrets_of_a_key_count_as_one_everywhere() -> None:
    """Against the same budgets and limits, and under the same name in receipts."""
    old = a_key(digest="1" * 64, budgets=(Budget(5, "month"),))
    fresh, replaced = (a_principal(key) for key in rotated(old.id, Rotation(FRESH, NOW, DAY))([old]))
    assert fresh.budgets == replaced.budgets != ()
    assert (fresh.accounts, fresh.caller.id) == (replaced.accounts, replaced.caller.id)
