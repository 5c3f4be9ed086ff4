"""Providers' own records of single generations."""

from __future__ import annotations

import pytest

from gateway.dialects.generation_record import recorded_cost


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        (
            b'{"data":{"id":"gen-1","total_cost":0.0015,"usage":0.0015,"cancelled":true,"native_tokens_prompt":9}}',
            1_500_000,
        ),
        (b'{"data":{"total_cost":"0.0015"}}', 1_500_000),
        (b'{"data":{"total_cost":0}}', 0),
        (b'{"data":{"total_cost":null}}', None),
        (b'{"data":{}}', None),
        (b'{"data":null}', None),
        (b'{"error":{"code":404}}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"\xff", None),
    ],
)
def test_the_cost_is_read_where_it_is_stated(body: bytes, cost: int | None) -> None:
    assert recorded_cost(body) == cost
