"""What clients get wrong, in each dialect: `MARKER` stands where a client's own word is at fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PICTURE: Final = "iVBORw0KGgo="


@dataclass(frozen=True, slots=True)
class Wrong:
    """Members of a request, and the field that its refusal names. `passes`: a route of the client's own dialect gets
    it as it is, because its provider may know better."""

    members: dict[str, Any]
    field: str
    passes: bool = True


def _said(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


# --- Chat Completions ------------------------------------------------------------------------------------------------

_HELLO: Final = _said("hello")


def _calls(arguments: str, id: str = "call_1") -> dict[str, Any]:
    call = {"id": id, "type": "function", "function": {"name": "find", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _tells(id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": "found"}


def _url(url: str) -> dict[str, Any]:
    return {"messages": [_said([{"type": "image_url", "image_url": {"url": url}}])]}


_CHAT: Final = {
    "arguments": Wrong(
        {"messages": [_HELLO, _calls('{"MARKER'), _tells("call_1")]}, "messages[1].tool_calls[0].arguments"
    ),
    "arguments that are no object": Wrong(
        {"messages": [_HELLO, _calls('["MARKER"]'), _tells("call_1")]}, "messages[1].tool_calls[0].arguments"
    ),
    "role": Wrong({"messages": [{"role": "MARKER", "content": "hello"}]}, "messages[0]", passes=False),
    "empty": Wrong({"messages": [_said("")]}, "messages"),
    "no parts": Wrong({"messages": [_said([])]}, "messages[0].content"),
    "kind": Wrong({"messages": [_said([{"type": "MARKER", "MARKER": {}}])]}, "messages[0].content[0]"),
    "no kind": Wrong({"messages": [_said([{"text": "MARKER"}])]}, "messages[0].content[0]", passes=False),
    "mime": Wrong(_url(f"data:text/MARKER;base64,{PICTURE}"), "messages[0].content[0].image_url"),
    "base64": Wrong(_url("data:image/png;base64,MARKER!"), "messages[0].content[0].image_url"),
    "scheme": Wrong(_url("file:///MARKER"), "messages[0].content[0].image_url"),
    "id": Wrong({"messages": [_HELLO, _calls("{}"), _tells("MARKER")]}, "messages[2].tool_call_id"),
    "answer before its call": Wrong(
        {"messages": [_HELLO, _tells("MARKER"), _calls("{}", "MARKER")]}, "messages[1].tool_call_id"
    ),
}

# --- Responses -------------------------------------------------------------------------------------------------------


def _asks(arguments: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": "call_1", "name": "find", "arguments": arguments}


def _output(id: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id, "output": "found"}


def _image(url: str) -> dict[str, Any]:
    return {"input": [_said([{"type": "input_image", "image_url": url}])]}


_RESPONSES: Final = {
    "arguments": Wrong({"input": [_HELLO, _asks('{"MARKER'), _output("call_1")]}, "input[1].arguments"),
    "arguments that are no object": Wrong(
        {"input": [_HELLO, _asks('["MARKER"]'), _output("call_1")]}, "input[1].arguments"
    ),
    "role": Wrong({"input": [{"role": "MARKER", "content": "hello"}]}, "input[0].role"),
    "empty": Wrong({"input": [_said("")]}, "input"),
    "no items": Wrong({"input": []}, "input", passes=False),
    "kind": Wrong({"input": [_said([{"type": "MARKER"}])]}, "input[0].content[0]"),
    "no kind": Wrong({"input": [_said([{"text": "MARKER"}])]}, "input[0].content[0]", passes=False),
    "item": Wrong({"input": [{"type": "MARKER"}]}, "input[0]"),
    "mime": Wrong(_image(f"data:text/MARKER;base64,{PICTURE}"), "input[0].content[0].image_url"),
    "base64": Wrong(_image("data:image/png;base64,MARKER!"), "input[0].content[0].image_url"),
    "scheme": Wrong(_image("file:///MARKER"), "input[0].content[0].image_url"),
    "id": Wrong({"input": [_HELLO, _asks("{}"), _output("MARKER")]}, "input[2].call_id"),
    "call without an answer": Wrong({"input": [_HELLO, _asks("{}")]}, "input[1].call_id"),
}

# --- Messages --------------------------------------------------------------------------------------------------------


def _uses(given: object) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": given}
    return {"role": "assistant", "content": [block]}


def _result(id: str) -> dict[str, Any]:
    return _said([{"type": "tool_result", "tool_use_id": id, "content": "found"}])


def _source(**source: str) -> dict[str, Any]:
    return {"messages": [_said([{"type": "image", "source": source}])]}


_MESSAGES: Final = {
    "arguments": Wrong({"messages": [_HELLO, _uses('{"MARKER'), _result("toolu_1")]}, "messages[1].content[0]"),
    "arguments that are no object": Wrong(
        {"messages": [_HELLO, _uses(["MARKER"]), _result("toolu_1")]}, "messages[1].content[0]"
    ),
    "role": Wrong({"messages": [{"role": "MARKER", "content": "hello"}]}, "messages[0]", passes=False),
    "empty": Wrong({"messages": [_said("")]}, "messages"),
    "no blocks": Wrong({"messages": [_said([])]}, "messages"),
    "no messages": Wrong({"messages": []}, "messages", passes=False),
    "kind": Wrong({"messages": [_said([{"type": "MARKER"}])]}, "messages[0].content[0].type"),
    "no kind": Wrong({"messages": [_said([{"text": "MARKER"}])]}, "messages[0].content[0]", passes=False),
    "mime": Wrong(
        _source(type="base64", media_type="text/MARKER", data=PICTURE), "messages[0].content[0].source.media_type"
    ),
    "base64": Wrong(
        _source(type="base64", media_type="image/png", data="MARKER!"), "messages[0].content[0].source.data"
    ),
    "scheme": Wrong(_source(type="url", url="file:///MARKER"), "messages[0].content[0].source.url"),
    "id": Wrong({"messages": [_HELLO, _uses({}), _result("MARKER")]}, "messages[2].content[0].tool_use_id"),
    "answer before its call": Wrong({"messages": [_result("MARKER"), _uses({})]}, "messages[0].content[0].tool_use_id"),
}

# --- generateContent -------------------------------------------------------------------------------------------------


def _content(*parts: dict[str, Any], role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def _function(args: object) -> dict[str, Any]:
    return _content({"functionCall": {"id": "call_1", "name": "find", "args": args}}, role="model")


def _response(**held: str) -> dict[str, Any]:
    return _content({"functionResponse": {**held, "response": {"output": "found"}}})


def _inline(mime: str, data: str) -> dict[str, Any]:
    return {"contents": [_content({"inlineData": {"mimeType": mime, "data": data}})]}


_SAID: Final = _content({"text": "hello"})
_ANSWERED: Final = _response(id="call_1", name="find")
_GENERATE: Final = {
    "arguments": Wrong(
        {"contents": [_SAID, _function('{"MARKER'), _ANSWERED]}, "contents[1].parts[0].functionCall.args"
    ),
    "arguments that are no object": Wrong(
        {"contents": [_SAID, _function(["MARKER"]), _ANSWERED]}, "contents[1].parts[0].functionCall.args"
    ),
    "role": Wrong({"contents": [_content({"text": "hello"}, role="MARKER")]}, "contents[0].role", passes=False),
    "empty": Wrong({"contents": [_content({"text": ""})]}, "contents"),
    "no parts": Wrong({"contents": [_content()]}, "contents"),
    "no contents": Wrong({"contents": []}, "contents", passes=False),
    "kind": Wrong({"contents": [_content({"MARKER": {}})]}, "contents[0].parts[0]"),
    "two kinds": Wrong({"contents": [_content({"text": "x", "functionCall": {}})]}, "contents[0].parts[0]"),
    "mime": Wrong(_inline("", PICTURE), "contents[0].parts[0].inlineData.mimeType"),
    "mime of nothing": Wrong(_inline("MARKER", PICTURE), "contents[0].parts[0].inlineData.mimeType"),
    "base64": Wrong(_inline("image/png", "MARKER!"), "contents[0].parts[0].inlineData.data"),
    "id": Wrong(
        {"contents": [_SAID, _function({}), _response(id="MARKER", name="find")]},
        "contents[2].parts[0].functionResponse.id",
    ),
    "name": Wrong(
        {"contents": [_SAID, _function({}), _response(name="MARKER")]},
        "contents[2].parts[0].functionResponse.name",
    ),
}

MALFORMED: Final[Mapping[str, Mapping[str, Wrong]]] = {
    "openai_chat": _CHAT,
    "openai_responses": _RESPONSES,
    "anthropic_messages": _MESSAGES,
    "google_generate": _GENERATE,
}
