"""OpenAI's Python SDK: Chat Completions and Responses."""

from __future__ import annotations

from typing import Any, Final

import openai

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

DATA_URL: Final = f"data:{IMAGE['mime']};base64,{IMAGE['data']}"


def openai_chat(command: Command) -> Result:
    """Chat Completions, the message sent back as it came between rounds."""
    wants, asked = command.wants, _chat_asked(command)
    with openai.OpenAI(**_openai(command)) as client:
        create = client.chat.completions.with_raw_response.create
        try:
            if wants.get("stream"):
                raw = create(**asked, stream=True, stream_options={"include_usage": True})
                return _chat_stream(raw.parse(), headers_of(raw.headers), leaves=bool(wants.get("leaves")))
            result, message = _chat_whole(create(**asked))
            if wants.get("rounds"):
                results = [
                    {"role": "tool", "tool_call_id": c.id, "content": told(c.function.name)}
                    for c in message.tool_calls or ()
                ]
                asked["messages"] += [message.to_dict(), *results]
                return second(result, _chat_whole(create(**asked))[0])
        except openai.APIError as fault:
            return failed(fault, getattr(fault, "status_code", None), fault.code, fault.message)
    return result


def _chat_asked(command: Command) -> dict[str, Any]:
    wants = command.wants
    content: Any = wants["question"]
    if wants.get("image"):
        content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": DATA_URL}}]
    return {
        "model": command.model,
        "messages": [{"role": "system", "content": ASKED["system"]}, {"role": "user", "content": content}],
        "max_completion_tokens": ASKED["max_output"],
        "tools": [
            {"type": "function", "function": {"name": n, "description": t["description"], "parameters": t["schema"]}}
            for n, t in tools_of(wants)
        ]
        or openai.omit,
        "reasoning_effort": ASKED["effort"] if wants.get("reasoning") else openai.omit,
        "response_format": {"type": "json_schema", "json_schema": {**SHAPE, "strict": True}}
        if wants.get("shape")
        else openai.omit,
    }


def _openai(command: Command) -> dict[str, Any]:
    where = {"base_url": f"{command.base_url}/v1", "api_key": command.key}
    return {**where, "max_retries": 0, "timeout": PATIENCE_S}


def _chat_whole(raw: Any) -> tuple[Result, Any]:
    reply = raw.parse()
    (choice,) = reply.choices
    message = choice.message
    result = Result(
        text=message.content or "",
        tool_calls=[call(c.function.name, c.function.arguments) for c in message.tool_calls or ()],
        finish=choice.finish_reason,
        usage=_chat_usage(reply.usage),
        reasoning=(message.model_extra or {}).get("reasoning_content") or "",
        headers=headers_of(raw.headers),
    )
    return result, message


def _chat_stream(chunks: openai.Stream[Any], headers: dict[str, str], *, leaves: bool) -> Result:
    text, reasoning, finish, counted = "", "", None, None
    calls: dict[int, list[str]] = {}
    for chunk in chunks:
        counted = _chat_usage(chunk.usage) if chunk.usage else counted
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasoning += (choice.delta.model_extra or {}).get("reasoning_content") or ""
            finish = choice.finish_reason or finish
            for part in choice.delta.tool_calls or ():
                known = calls.setdefault(part.index, [part.function.name, ""])
                known[1] += part.function.arguments or ""
        if leaves and text:
            chunks.close()
            return Result(text=text, finish="left", headers=headers)
    called = [call(name, arguments) for name, arguments in calls.values()]
    return Result(text, called, finish, counted, reasoning, None, headers)


def _chat_usage(counted: Any) -> dict[str, int]:
    before, after = counted.prompt_tokens_details, counted.completion_tokens_details
    return usage(
        counted.prompt_tokens,
        before and before.cached_tokens,
        counted.completion_tokens,
        after and after.reasoning_tokens,
    )


# --- Responses -------------------------------------------------------------------------------------------------------


def openai_responses(command: Command) -> Result:
    """Responses without storage: the output's items are sent back between rounds."""
    wants, asked = command.wants, _responses_asked(command)
    with openai.OpenAI(**_openai(command)) as client:
        create = client.responses.with_raw_response.create
        try:
            if wants.get("stream"):
                raw = create(**asked, stream=True)
                return _responses_stream(raw.parse(), headers_of(raw.headers), leaves=bool(wants.get("leaves")))
            raw = create(**asked)
            result, output = _response(raw.parse(), headers_of(raw.headers))
            if wants.get("rounds"):
                asked["input"] += [item.to_dict() for item in output]
                asked["input"] += [
                    {"type": "function_call_output", "call_id": i.call_id, "output": told(i.name)}
                    for i in output
                    if i.type == "function_call"
                ]
                raw = create(**asked)
                return second(result, _response(raw.parse(), headers_of(raw.headers))[0])
        except openai.APIError as fault:
            return failed(fault, getattr(fault, "status_code", None), fault.code, fault.message)
    return result


def _responses_asked(command: Command) -> dict[str, Any]:
    wants = command.wants
    content: list[Any] = [{"type": "input_text", "text": wants["question"]}]
    if wants.get("image"):
        content.append({"type": "input_image", "image_url": DATA_URL, "detail": "auto"})
    return {
        "model": command.model,
        "instructions": ASKED["system"],
        "input": [{"role": "user", "content": content}],
        "max_output_tokens": ASKED["max_output"],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "tools": [
            {"type": "function", "name": n, "description": t["description"], "parameters": t["schema"], "strict": True}
            for n, t in tools_of(wants)
        ]
        or openai.omit,
        "reasoning": {"effort": ASKED["effort"], "summary": "auto"} if wants.get("reasoning") else openai.omit,
        "text": {"format": {"type": "json_schema", **SHAPE, "strict": True}} if wants.get("shape") else openai.omit,
    }


def _response(response: Any, headers: dict[str, str]) -> tuple[Result, Any]:
    calls = [call(item.name, item.arguments) for item in response.output if item.type == "function_call"]
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    cut = response.incomplete_details and response.incomplete_details.reason
    counted = response.usage
    result = Result(
        text=response.output_text,
        tool_calls=calls,
        finish={None: "tool_calls" if calls else "stop", "max_output_tokens": "length"}[cut],
        usage=usage(
            counted.input_tokens,
            counted.input_tokens_details.cached_tokens,
            counted.output_tokens,
            counted.output_tokens_details.reasoning_tokens,
        ),
        reasoning="".join(thoughts),
        headers=headers,
    )
    return result, response.output


def _responses_stream(events: openai.Stream[Any], headers: dict[str, str], *, leaves: bool) -> Result:
    """The response that the last event holds; what was streamed before must say the same."""
    text, reasoning, arguments, done = "", "", "", None
    for event in events:
        text += event.delta if event.type == "response.output_text.delta" else ""
        reasoning += event.delta if event.type == "response.reasoning_summary_text.delta" else ""
        arguments += event.delta if event.type == "response.function_call_arguments.delta" else ""
        if leaves and text:
            events.close()
            return Result(text=text, finish="left", headers=headers)
        if event.type in ("response.completed", "response.incomplete"):
            done = event.response
    assert done is not None, "the stream ended without a response"
    result, output = _response(done, headers)
    called = "".join(item.arguments for item in output if item.type == "function_call")
    assert (text, reasoning, arguments) == (result.text, result.reasoning, called)
    return result
