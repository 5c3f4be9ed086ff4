"""Messages as Google publishes them: the model stands in the path, the version in the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.sdk.shapes.anthropic_messages import REFUSED, stream, whole
from tests.sdk.shapes.anthropic_messages import seen as plainly_seen
from tests.sdk.shapes.seen import Seen

PATH: Final = (":rawPredict", ":streamRawPredict")

__all__ = ["PATH", "REFUSED", "seen", "stream", "whole"]


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    assert "model" not in body
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert bool(body.get("stream")) is path.endswith(":streamRawPredict")
    model = path.partition("/publishers/anthropic/models/")[2].rpartition(":")[0]
    return plainly_seen({**body, "model": model}, path)
