"""The typed shape of a reply with vectors."""

from __future__ import annotations

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.google_embeddings.events import events
from gateway.dialects.google_embeddings.stream import observe


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"\xff",
        b'{"embeddings":[]}',
        b'{"embeddings":["MARKER"]}',
        b'{"error":{"message":"MARKER"},"embeddings":[{"values":[1]}]}',
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    for read in (observe, events):
        with pytest.raises(Broken) as broken:
            read(body)
        assert "MARKER" not in str(broken.value)
