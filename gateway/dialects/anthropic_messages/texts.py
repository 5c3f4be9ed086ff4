"""The texts of a Messages request: every string but the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dialects.spans import JsonObject, Region, Span, TextForm, TextRules
from gateway.dialects.strict_json import Document


def texts(document: Document) -> Iterator[Span]:
    """The spans of a request."""
    return _RULES.spans(document)


def _data(source: JsonObject) -> TextForm | None:
    """The words of a plain document, or media and sealed reasoning in base64."""
    return TextForm.TEXT if source.get("type") == "text" else None


def _thinking(block: JsonObject) -> TextForm:
    return TextForm.SIGNED if block.get("signature") else TextForm.TEXT


_RULES: Final = TextRules(
    protocol=frozenset(
        "model role type id name tool_use_id tool_name media_type url file_id signature ttl service_tier effort "
        "display container user_id inference_geo speed error_code encrypted_content encrypted_index "
        "authorization_token server_name mcp_server_name allowed_domains blocked_domains allowed_callers "
        "exclude_tools country "
        "timezone skill_id version".split()
    ),
    regions={
        "provider": Region.PROTOCOL,
        "input_schema": Region.SCHEMA,
        "format.schema": Region.SCHEMA,
        "output_format.schema": Region.SCHEMA,
        "input": Region.TEXT,
        "input_examples": Region.TEXT,
    },
    strings={"data": _data, "thinking": _thinking},
)
