"""What passes between dialects shows no words."""

from __future__ import annotations

import pytest

from gateway.dialects.dialect import Broken, Rendered, RequestOverrides, Unportable


def test_what_cannot_be_carried_is_told_by_its_names() -> None:
    unportable = Unportable("n", "messages[0].content[1]")
    assert unportable.names == ("n", "messages[0].content[1]")
    assert str(unportable) == "n, messages[0].content[1]"
    assert Unportable().names == ()


def test_a_request_on_its_way_out_shows_everything_but_its_body() -> None:
    sent = Rendered("/messages", b"MARKER said", (("anthropic-version", "2023-06-01"),), ("seed",))
    assert "MARKER" not in repr(sent)
    assert "/messages" in repr(sent)
    assert "seed" in repr(sent)


def test_without_orders_nothing_changes_and_identifiers_stay_here() -> None:
    assert (RequestOverrides().output_limit, RequestOverrides().pseudonym) == (None, None)


@pytest.mark.parametrize("kind", [Broken, Unportable])
def test_faults_of_form_are_values_that_do_not_fit(kind: type[Exception]) -> None:
    """So that what catches faults of foreign code does not catch these by accident, and the other way round."""
    assert issubclass(kind, ValueError)
    assert not issubclass(Broken, Unportable)
