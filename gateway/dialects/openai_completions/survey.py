"""The shape of a text completion's request: every member whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects.sampling import SAMPLING
from gateway.dialects.shapes import FLAG, NUMBER, TEXT, MemberShape, either, leaves, opaque, record, rows, table

MEMBERS: Final[Mapping[str, MemberShape]] = {
    **SAMPLING,
    **leaves(opaque, "provider user"),  # they never travel as they are
    "prompt": opaque,  # texts or token ids, which are checked where they are read
    **leaves(TEXT, "model suffix"),
    **leaves(NUMBER, "max_tokens n temperature top_p seed presence_penalty frequency_penalty logprobs"),
    **leaves(FLAG, "stream echo"),
    "stream_options": record(
        "stream_options", leaves(FLAG, "include_usage include_obfuscation continuous_usage_stats")
    ),
    "stop": either(TEXT, rows("stop", TEXT)),
    "logit_bias": either(TEXT, table("logit_bias", NUMBER)),
}
"""Members whose effect on content is known, each with its shape. llama.cpp's `input_prefix` and `input_extra` belong to
its own address for fill-in-the-middle."""

REQUEST: Final = record("", MEMBERS)
