from __future__ import annotations

import pytest

from gateway.compose.console_reports import labels_of, sight_of
from gateway.identity.operators import local_operator
from gateway.identity.sessions import NOBODY, Visitor
from gateway.reports.sight import Sight
from tests.builders import a_key, a_principal


def test_an_operator_sees_everybody_and_a_key_itself() -> None:
    own = a_principal()
    assert sight_of(Visitor(own)) == Sight(own)
    assert sight_of(Visitor(own, local_operator(1000))) == Sight()
    with pytest.raises(AssertionError):
        sight_of(NOBODY)


def test_keys_without_a_label_have_no_name() -> None:
    assert labels_of([a_key(label="laptop"), a_key(id="key_2", label="")]) == {"key_1": "laptop"}
