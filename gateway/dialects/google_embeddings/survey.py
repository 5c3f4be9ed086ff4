"""The shape of a request for vectors: every member whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects.google.survey import CONTENT, FIGURE, WORD, message
from gateway.dialects.shapes import FLAG, TEXT, MemberShape, either, leaves, opaque, rows

_TASK: Final[Mapping[str, MemberShape]] = {
    **leaves(WORD, "taskType title"),
    "outputDimensionality": FIGURE,
    "autoTruncate": FLAG,
}
_MEMBERS: Final[Mapping[str, MemberShape]] = {
    **_TASK,
    "model": TEXT,
    "content": either(frozenset({type(None)}), CONTENT),
    "embedContentConfig": message(
        "embedContentConfig", {**_TASK, "mimeType": TEXT, **leaves(FLAG, "documentOcr audioTrackExtraction")}
    ),
}
MEMBERS: Final[Mapping[str, MemberShape]] = {
    **_MEMBERS,
    "provider": opaque,  # it never travels
    "requests": rows("requests", message("", _MEMBERS), single=True),
}
"""Members whose effect on content is known, each with its shape."""

REQUEST: Final = message("", MEMBERS)
