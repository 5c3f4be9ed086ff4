"""Roles, and the operators that hold them."""

from __future__ import annotations

import pytest

from gateway.core.errors import NotAllowed
from gateway.identity.operators import ADMIN, SIGNAL, Act, Operator, OperatorRole, local_operator


@pytest.mark.parametrize("act", Act)
def test_an_admin_may_do_everything(act: Act) -> None:
    local_operator(0).require(act)
    SIGNAL.require(act)


def test_a_second_role_is_a_value_and_may_do_only_its_acts() -> None:
    auditor = Operator(OperatorRole("auditor", frozenset({Act.READ})), "person:anna")
    auditor.require(Act.READ)
    with pytest.raises(NotAllowed) as refused:
        auditor.require(Act.WRITE)
    assert refused.value.details["role"] == "auditor"


def test_a_local_operator_is_named_by_user_id() -> None:
    assert local_operator(1000) == Operator(ADMIN, "uid:1000")
