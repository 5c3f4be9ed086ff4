from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given

from gateway.core.cost import Price, Rates
from gateway.core.usage import (
    CALL_CLASSES,
    CLASSES,
    INPUT_CLASSES,
    NO_USAGE,
    OUTPUT_CLASSES,
    UNLIMITED,
    USAGE_CLASSES,
    Metered,
    Side,
    Usage,
    UsageSource,
)
from tests.strategies import usages

INPUT_SIDE = {
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_30m",
    "cache_write_1h",
    "cache_write_12h",
    "audio_in",
    "image_in",
    "cache_read_audio",
}
OUTPUT_SIDE = {"output", "reasoning", "audio_out", "image_out"}


@given(usages, usages, usages)
def test_usages_add_up_class_by_class(u: Usage, v: Usage, w: Usage) -> None:
    assert u + v == v + u
    assert (u + v) + w == u + (v + w)
    assert u + NO_USAGE == u
    for name in CLASSES:
        assert getattr(u + v, name) == getattr(u, name) + getattr(v, name)


@given(usages)
def test_every_token_is_on_one_side_and_counted_once(u: Usage) -> None:
    calls = sum(getattr(u, name) for name in CALL_CLASSES)
    assert u.context + u.generated + calls == sum(getattr(u, name) for name in CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_on_its_side(name: str) -> None:
    one = Usage(**{name: 7})
    assert one.context == (7 if name in INPUT_SIDE else 0)
    assert one.generated == (7 if name in OUTPUT_SIDE else 0)
    assert one.nonzero() == {name: 7}


def test_cache_writes_of_every_lifetime_are_cache_writes() -> None:
    usage = Usage(cache_write_5m=1, cache_write_30m=10, cache_write_1h=100, cache_write_12h=1000, cache_read=9)
    assert usage.cache_write == 1111


@given(usages)
def test_classes_that_do_not_occur_are_left_out_and_the_rest_rebuilds_the_usage(u: Usage) -> None:
    assert 0 not in u.nonzero().values()
    assert Usage(**u.nonzero()) == u


@pytest.mark.parametrize("name", CLASSES)
def test_a_negative_count_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Usage(**{name: -1})


def test_counts_beyond_the_whole_numbers_of_a_double_stay_exact() -> None:
    assert (Usage(input=2**53) + Usage(input=1)).input == 2**53 + 1


def test_metered_usage_is_unsuspicious_unless_said_so() -> None:
    assert Metered(NO_USAGE, UsageSource.COUNTED, {}).suspect == ""
    assert [source.value for source in UsageSource] == ["provider", "counted", "estimated", "held", "billed"]


def test_the_table_of_classes_has_the_fields_of_usage_in_their_order() -> None:
    assert [each.name for each in USAGE_CLASSES] == [field.name for field in fields(Usage)]
    assert {*INPUT_CLASSES, *OUTPUT_CLASSES, *CALL_CLASSES} == set(CLASSES)


def test_every_rate_that_the_table_names_is_one_of_a_price_list() -> None:
    rates, fees = {field.name for field in fields(Rates)}, {field.name for field in fields(Price)}
    for each in USAGE_CLASSES:
        assert {*each.at_least, *each.instead} <= rates
        assert each.price in (fees if each.side is Side.CALLS else rates)
    priced = {each.price for each in USAGE_CLASSES if each.side is not Side.CALLS}
    assert priced == rates, "no rate is left unread"


def test_only_what_is_read_from_a_cache_and_calls_count_against_no_limit() -> None:
    assert {"cache_read", "cache_read_audio", *CALL_CLASSES} == UNLIMITED
