"""Google's Python SDK."""

from __future__ import annotations

import base64
from typing import Any

from google import genai
from google.genai import errors, types

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


def google_generate(command: Command) -> Result:
    """generateContent; the candidate's content sent back as it came between rounds."""
    wants, asked = command.wants, _asked(command)
    options = types.HttpOptions(
        base_url=command.base_url, timeout=int(PATIENCE_S * 1000), api_version=command.version or None
    )
    with genai.Client(api_key=command.key, http_options=options) as client:
        try:
            if wants.get("stream"):
                return _google_stream(client.models.generate_content_stream(**asked), leaves=bool(wants.get("leaves")))
            reply = client.models.generate_content(**asked)
            result = _generated([reply])
            if wants.get("rounds"):
                (candidate,) = reply.candidates or []
                answers = [
                    types.Part(
                        function_response=types.FunctionResponse(
                            id=c.id, name=c.name, response={"output": told(str(c.name))}
                        )
                    )
                    for c in reply.function_calls or ()
                ]
                asked["contents"] += [candidate.content, types.Content(role="user", parts=answers)]
                return second(result, _generated([client.models.generate_content(**asked)]))
        except errors.APIError as fault:
            return failed(fault, fault.code, fault.status, fault.message)
    return result


def _asked(command: Command) -> dict[str, Any]:
    wants = command.wants
    parts = [types.Part(text=wants["question"])]
    if wants.get("image"):
        parts.append(types.Part.from_bytes(data=base64.b64decode(IMAGE["data"]), mime_type=IMAGE["mime"]))
    declared = [
        types.FunctionDeclaration(name=n, description=t["description"], parameters_json_schema=t["schema"])
        for n, t in tools_of(wants)
    ]
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.MEDIUM)
    config = types.GenerateContentConfig(
        system_instruction=ASKED["system"],
        max_output_tokens=ASKED["max_output"],
        tools=[types.Tool(function_declarations=declared)] if declared else None,
        thinking_config=thinking if wants.get("reasoning") else None,
        response_mime_type="application/json" if wants.get("shape") else None,
        response_json_schema=SHAPE["schema"] if wants.get("shape") else None,
    )
    contents = [types.Content(role="user", parts=parts)]
    return {"model": command.model, "contents": contents, "config": config}


def _google_stream(chunks: Any, *, leaves: bool) -> Result:
    seen: list[types.GenerateContentResponse] = []
    for chunk in chunks:
        seen.append(chunk)
        if leaves and chunk.text:
            chunks.close()
            return Result(text=chunk.text, finish="left", headers=_google_headers(seen))
    return _generated(seen)


def _generated(chunks: list[types.GenerateContentResponse]) -> Result:
    candidates = [c for chunk in chunks for c in chunk.candidates or ()]
    parts = [part for c in candidates for part in (c.content and c.content.parts) or ()]
    calls = [call(str(p.function_call.name), p.function_call.args) for p in parts if p.function_call]
    (finish,) = {c.finish_reason for c in candidates if c.finish_reason}
    counted = next(chunk.usage_metadata for chunk in reversed(chunks) if chunk.usage_metadata)
    thought = counted.thoughts_token_count or 0
    return Result(
        text="".join(p.text for p in parts if p.text and not p.thought),
        tool_calls=calls,
        finish={"STOP": "tool_calls" if calls else "stop", "MAX_TOKENS": "length"}[finish.value],
        usage=usage(
            counted.prompt_token_count or 0,
            counted.cached_content_token_count,
            (counted.candidates_token_count or 0) + thought,
            thought,
        ),
        reasoning="".join(p.text for p in parts if p.text and p.thought),
        headers=_google_headers(chunks),
    )


def _google_headers(chunks: list[types.GenerateContentResponse]) -> dict[str, str]:
    http = chunks[0].sdk_http_response
    return headers_of((http and http.headers) or {})
