"""Anthropic's Python SDK."""

from __future__ import annotations

from typing import Any, Final

import anthropic

from tests.sdk.results import (
    IMAGE,
    PATIENCE_S,
    SHAPE,
    Command,
    Result,
    call,
    failed,
    headers_of,
    second,
    told,
    tools_of,
    usage,
)
from tests.sdk.scenarios import ASKED

_ANTHROPIC_STOPS: Final = {"end_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}


def anthropic_messages(command: Command) -> Result:
    """Messages; streams through the SDK's own accumulator, the content sent back as it came between rounds."""
    wants, asked = command.wants, _asked(command)
    where: dict[str, Any] = {"base_url": command.base_url, "auth_token": None, "api_key": command.key}
    if command.version:
        where["default_headers"] = {"anthropic-version": command.version}
    with anthropic.Anthropic(**where, max_retries=0, timeout=PATIENCE_S) as client:
        try:
            if wants.get("stream"):
                return _anthropic_stream(client, asked, leaves=bool(wants.get("leaves")))
            raw = client.messages.with_raw_response.create(**asked)
            message = raw.parse()
            result = _message(message, headers_of(raw.headers))
            if wants.get("rounds"):
                results = [
                    {"type": "tool_result", "tool_use_id": b.id, "content": told(b.name)}
                    for b in message.content
                    if b.type == "tool_use"
                ]
                asked["messages"] += [message.to_param(), {"role": "user", "content": results}]
                raw = client.messages.with_raw_response.create(**asked)
                return second(result, _message(raw.parse(), headers_of(raw.headers)))
        except anthropic.APIError as fault:
            return failed(fault, getattr(fault, "status_code", None), getattr(fault, "type", None), fault.message)
    return result


def _asked(command: Command) -> dict[str, Any]:
    wants = command.wants
    content: list[Any] = [{"type": "text", "text": wants["question"]}]
    if wants.get("image"):
        source = {"type": "base64", "media_type": IMAGE["mime"], "data": IMAGE["data"]}
        content.append({"type": "image", "source": source})
    config: dict[str, Any] = {}
    if wants.get("reasoning"):
        config["effort"] = ASKED["effort"]
    if wants.get("shape"):
        config["format"] = {"type": "json_schema", "schema": SHAPE["schema"]}
    return {
        "model": command.model,
        "system": ASKED["system"],
        "messages": [{"role": "user", "content": content}],
        "max_tokens": ASKED["max_output"],
        "tools": [{"name": n, "description": t["description"], "input_schema": t["schema"]} for n, t in tools_of(wants)]
        or anthropic.omit,
        "thinking": {"type": "adaptive", "display": "summarized"} if wants.get("reasoning") else anthropic.omit,
        "output_config": config or anthropic.omit,
    }


def _message(message: Any, headers: dict[str, str]) -> Result:
    counted = message.usage
    details = counted.output_tokens_details
    written, read = counted.cache_creation_input_tokens or 0, counted.cache_read_input_tokens or 0
    return Result(
        text="".join(block.text for block in message.content if block.type == "text"),
        tool_calls=[call(block.name, block.input) for block in message.content if block.type == "tool_use"],
        finish=_ANTHROPIC_STOPS[message.stop_reason],
        usage=usage(
            counted.input_tokens + written + read, read, counted.output_tokens, details and details.thinking_tokens
        ),
        reasoning="".join(block.thinking for block in message.content if block.type == "thinking"),
        headers=headers,
    )


def _anthropic_stream(client: anthropic.Anthropic, asked: dict[str, Any], *, leaves: bool) -> Result:
    with client.messages.stream(**asked) as stream:
        headers = headers_of(stream.response.headers)
        if leaves:
            return Result(text=next(iter(stream.text_stream)), finish="left", headers=headers)
        return _message(stream.get_final_message(), headers)
