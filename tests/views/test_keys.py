"""Keys as they are shown."""

from __future__ import annotations

import json
from datetime import timedelta

from gateway.views.keys import key_view
from tests.builders import NOW, a_key


def test_a_view_of_a_key_has_no_digest() -> None:
    view = key_view(a_key(expires_at=NOW - timedelta(days=1)), NOW)
    assert view["state"] == "expired"
    assert "d" * 64 not in json.dumps(view)
