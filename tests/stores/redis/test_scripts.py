"""Scripts as values."""

from __future__ import annotations

from gateway.stores.redis.scripts import PROBE, Script
from tests.stores.servers import a_server


def test_the_digest_is_that_of_the_server() -> None:
    with a_server() as server:
        assert server.ask("SCRIPT", "LOAD", PROBE.text) == PROBE.digest


def test_equal_texts_are_one_script() -> None:
    assert Script("return 1") == Script("return 1")
    assert Script("return 1") != Script("return 2")
