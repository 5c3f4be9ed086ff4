"""The texts of a Chat Completions request: every string but the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dialects.spans import JsonObject, Region, Span, TextForm, TextRules
from gateway.dialects.strict_json import Document

_CALLED: Final = frozenset({"tool", "function"})
"""Roles of the messages whose `name` is the name of a function, not of a person."""


def texts(document: Document) -> Iterator[Span]:
    """The spans of a request."""
    return _RULES.spans(document)


def _name(message: JsonObject) -> TextForm | None:
    return None if message.get("role") in _CALLED else TextForm.TEXT


def _detail(detail: JsonObject) -> TextForm:
    return TextForm.SIGNED if detail.get("signature") else TextForm.TEXT


_RULES: Final = TextRules(
    protocol=frozenset(
        "model role type id name tool_call_id tool_choice function_call reasoning_effort effort verbosity service_tier "
        "prompt_cache_retention prompt_cache_key user safety_identifier modalities format voice detail url image_url "
        "video_url audio_url input_audio data file_id file_data mime_type ttl mode signature search_context_size "
        "country timezone syntax definition".split()
    ),
    regions={
        "provider": Region.PROTOCOL,
        "parameters": Region.SCHEMA,
        "json_schema.schema": Region.SCHEMA,
        "metadata": Region.TEXT,
        "arguments": Region.TEXT,
    },
    strings={"messages.name": _name, "reasoning_details.text": _detail, "arguments": TextForm.JSON},
)
