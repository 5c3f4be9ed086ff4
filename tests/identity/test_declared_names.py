from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.identity.declared_names import declared


def test_a_name_that_is_not_declared_gets_near_ones() -> None:
    declared("team", "research", {"research"})
    with pytest.raises(InvalidRequest) as refused:
        declared("team", "reserch", {"research"})
    assert refused.value.details["near"] == ["research"]
