"""The texts of a Responses request: every string but the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dialects.spans import JsonObject, Region, Span, TextForm, TextRules
from gateway.dialects.strict_json import Document


def texts(document: Document) -> Iterator[Span]:
    """The spans of a request."""
    return _RULES.spans(document)


def _result(item: JsonObject) -> TextForm | None:
    """A picture in base64, or the words of another hosted tool."""
    return None if item.get("type") == "image_generation_call" else TextForm.TEXT


_RULES: Final = TextRules(
    protocol=frozenset(
        "model role type id call_id item_id name namespace status phase effort verbosity truncation service_tier "
        "include previous_response_id conversation prompt_cache_key prompt_cache_retention user "
        "safety_identifier tool_choice mode encrypted_content image_url file_url file_id file_data data format "
        "detail ttl server_url server_label authorization connector_id allowed_tools require_approval tool_names "
        "vector_store_ids container size quality background output_format moderation search_context_size country "
        "timezone syntax definition version "
        "reasoning.summary reasoning.generate_summary".split()
    ),
    regions={
        "provider": Region.PROTOCOL,
        "parameters": Region.SCHEMA,
        "input_schema": Region.SCHEMA,
        "format.schema": Region.SCHEMA,
        "metadata": Region.TEXT,
        "variables": Region.TEXT,
        "arguments": Region.TEXT,
    },
    strings={"result": _result, "arguments": TextForm.JSON},
)
