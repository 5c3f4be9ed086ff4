"""Converse as Amazon publishes it: binary messages with padding, and the usage behind the end of the message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from tests.dialects import aws_frames
from tests.sdk.scenarios import Answer
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = ("/converse", "/converse-stream")
FAMILY: Final = "eu.anthropic."
"""Before a model's name: thoughts are told to each family in its own form."""
REFUSED: Final = {"message": "Input is too long for requested model."}
_STOPS: Final = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}
_PADDING: Final = "abcdefghijklmnopqrstuvwxyz"


def usage(answer: Answer) -> dict[str, Any]:
    """Reasoning is inside the output, and told apart by nothing."""
    tokens = answer.tokens
    return {
        "inputTokens": tokens.input - tokens.cached,
        "cacheReadInputTokens": tokens.cached,
        "cacheReadInputTokenCount": tokens.cached,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.output,
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    del model
    content: list[dict[str, Any]] = []
    if answer.reasoning:
        thought = {"text": "".join(answer.reasoning), "signature": answer.signature}
        content.append({"reasoningContent": {"reasoningText": thought}})
    if answer.text:
        content.append({"text": "".join(answer.text)})
    for call in answer.calls:
        use = {"toolUseId": f"tooluse_{call.id}", "name": call.name, "input": dict(call.arguments)}
        content.append({"toolUse": use})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _STOPS[answer.finish],
        "usage": usage(answer),
        "metrics": {"latencyMs": 7},
    }


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    del model
    yield _event("messageStart", role="assistant")
    for index, (start, deltas) in enumerate(_blocks(answer)):
        if start:
            yield _event("contentBlockStart", contentBlockIndex=index, start=start)
        yield from (_event("contentBlockDelta", contentBlockIndex=index, delta=delta) for delta in deltas)
        if answer.ends == "whole":
            yield _event("contentBlockStop", contentBlockIndex=index)
    if answer.ends == "failed":
        yield aws_frames.exception("modelStreamErrorException")
    if answer.ends == "whole":
        yield _event("messageStop", stopReason=_STOPS[answer.finish])
        yield _event("metadata", usage=usage(answer), metrics={"latencyMs": 7})


def _blocks(answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """How each block begins, if it does, and the deltas in which it is streamed."""
    if answer.reasoning:
        pieces: list[dict[str, Any]] = [{"reasoningContent": {"text": piece}} for piece in answer.reasoning]
        yield {}, [*pieces, {"reasoningContent": {"signature": answer.signature}}]
    if answer.text:
        yield {}, [{"text": piece} for piece in answer.text]
    for call in answer.calls:
        text = json.dumps(call.arguments, ensure_ascii=False)
        start = {"toolUse": {"toolUseId": f"tooluse_{call.id}", "name": call.name}}
        yield start, [{"toolUse": {"input": piece}} for piece in (text[:7], text[7:])]


def _event(kind: str, **members: Any) -> bytes:
    return aws_frames.event(kind, **members, p=_PADDING)


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    turns: list[dict[str, Any]] = body["messages"]
    blocks = [block for turn in turns for block in turn["content"]]
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    names = {call["toolUseId"]: call["name"] for call in calls}
    results = [block["toolResult"] for block in blocks if "toolResult" in block]
    thoughts = [b["reasoningContent"]["reasoningText"] for b in blocks if "reasoningContent" in b]
    tools = [tool["toolSpec"] for tool in body.get("toolConfig", {}).get("tools", ())]
    shape = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema", {}).get("schema")
    return Seen(
        model=unquote(path.partition("/model/")[2].rpartition("/")[0]).removeprefix(FAMILY),
        system=spoken([body.get("system")]),
        said=spoken(turn["content"] for turn in turns if turn["role"] == "user"),
        images=tuple(block["image"]["source"]["bytes"] for block in blocks if "image" in block),
        tools={tool["name"]: tool["inputSchema"]["json"] for tool in tools},
        calls=tuple((call["name"], call["input"]) for call in calls),
        results=tuple((names[result["toolUseId"]], spoken([result["content"]])) for result in results),
        shape=json.loads(shape) if shape else None,
        streaming=path.endswith("-stream"),
        output_limit=body["inferenceConfig"]["maxTokens"],
        reasons=body.get("additionalModelRequestFields", {}).get("thinking", {}).get("type") == "adaptive",
        thoughts=tuple(thought["text"] for thought in thoughts),
        signatures=tuple(thought["signature"] for thought in thoughts),
    )
