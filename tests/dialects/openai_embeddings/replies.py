"""Embeddings replies, as providers send them."""

from __future__ import annotations

import json
from typing import Any

from gateway.dialects import strict_json
from gateway.dialects.prompt import Prompt

USAGE = {"prompt_tokens": 8, "total_tokens": 8}


NUMBERS = [1.0, -0.5]


BASE64 = "AACAPwAAAL8="


def a_reply(*embeddings: Any, **members: Any) -> bytes:
    data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(embeddings)]
    return json.dumps({"object": "list", "data": data, "model": "m", "usage": USAGE, **members}).encode()


def a_prompt(**members: Any) -> Prompt:
    return Prompt(strict_json.read(json.dumps({"model": "small", "input": "a", **members}).encode()))
