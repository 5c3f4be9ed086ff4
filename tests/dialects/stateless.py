"""Strict readers of requests, written from the providers' references alone and sharing nothing with `gateway`.

A schema lists what may stand in a request that keeps no state and calls nobody: anything else makes it stateful.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]


def text(value: object) -> bool:
    return isinstance(value, str)


def number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def flag(value: object) -> bool:
    return isinstance(value, bool)


def anything(value: object) -> bool:  # noqa: ARG001  # a schema or arguments of a call: nothing that a provider obeys
    return True


def nothing(value: object) -> bool:
    return value is None


def only(*values: object) -> Check:
    return lambda value: any(value is v or (type(value) is type(v) and value == v) for v in values)


def base64(value: object) -> bool:
    return isinstance(value, str) and (value.startswith("data:") or "://" not in value)


def data_url(value: object) -> bool:
    return isinstance(value, str) and value[:5].lower() == "data:"


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def one_of(*checks: Check) -> Check:
    return lambda value: any(check(value) for check in checks)


def many(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(inner is None or check(inner) for inner in value)


def members(must: str = "", /, **checks: Check) -> Check:
    """An object with these members and no others; those in `must` stand in it."""

    def check(value: object) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value for name in must.split())
            and all(name in checks and checks[name](inner) for name, inner in value.items())
        )

    return check


def texts(value: object) -> bool:
    """An object of plain values."""
    return isinstance(value, dict) and all(isinstance(v, str | int | float | bool | None) for v in value.values())


def either_name(must: str = "", /, **checks: Check) -> Check:
    """Google's objects: null is absent, and each member has two spellings."""
    both: dict[str, Check] = {}
    for name, check in checks.items():
        snake = "".join("_" + c.lower() if c.isupper() else c for c in name)
        both[name] = both[snake] = maybe(check)
    inner = members(**both)
    return lambda value: inner(value) and isinstance(value, dict) and all(name in value for name in must.split())


def single(check: Check) -> Check:
    return lambda value: value is None or many(check)(value) or check(value)


_NUMBER = maybe(number)
_TEXT = maybe(text)
_FLAG = maybe(flag)

_MARK = maybe(members(type=_TEXT, ttl=one_of(nothing, only("5m"))))
_CHAT_PART = one_of(
    members("type", type=only("text"), text=_TEXT, cache_control=_MARK),
    members(
        "type image_url",
        type=only("image_url"),
        image_url=members("url", url=data_url, detail=_TEXT),
        cache_control=_MARK,
    ),
    members(
        "type file", type=only("file"), file=members("file_data", file_data=base64, filename=_TEXT), cache_control=_MARK
    ),
    members(
        "type input_audio",
        type=only("input_audio"),
        input_audio=members("data", data=base64, format=_TEXT),
        cache_control=_MARK,
    ),
)
_CHAT_CALL = members(
    id=one_of(_TEXT, number, flag),
    type=one_of(_TEXT, number, flag),
    function=maybe(members(name=_TEXT, arguments=anything)),
)
_CHAT_TOOL = members(
    cache_control=_MARK,
    type=only("function"),
    function=maybe(
        members(
            name=one_of(_TEXT, number, flag),
            description=one_of(_TEXT, number, flag),
            parameters=anything,
            strict=one_of(_TEXT, number, flag),
            cache_control=_MARK,
        )
    ),
)
CHAT = members(
    "model messages store",
    model=text,
    messages=many(
        members(
            "role",
            role=text,
            content=one_of(_TEXT, many(_CHAT_PART)),
            name=_TEXT,
            cache_control=_MARK,
            tool_call_id=_TEXT,
            tool_calls=maybe(many(_CHAT_CALL)),
        )
    ),
    store=only(False),
    temperature=_NUMBER,
    seed=_NUMBER,
    stop=one_of(_TEXT, many(_TEXT)),
    metadata=maybe(texts),
    stream=_FLAG,
    stream_options=maybe(members(include_usage=_FLAG)),
    tools=maybe(many(_CHAT_TOOL)),
    tool_choice=one_of(_TEXT, members(type=_TEXT, function=maybe(members(name=_TEXT)))),
    cache_control=_MARK,
    response_format=maybe(
        members(type=_TEXT, json_schema=maybe(members(name=anything, schema=anything, strict=anything)))
    ),
    max_tokens=_NUMBER,
    max_completion_tokens=_NUMBER,
)

_ITEM_PART = one_of(
    members("type", type=only("input_text"), text=_TEXT),
    members("type", type=only("output_text"), text=_TEXT, annotations=only([]), logprobs=anything),
    members("type image_url", type=only("input_image"), image_url=data_url, detail=_TEXT, file_id=nothing),
    members(
        "type file_data", type=only("input_file"), file_data=base64, filename=_TEXT, file_id=nothing, file_url=nothing
    ),
)
_COMMON: Mapping[str, Check] = dict.fromkeys(("id", "status"), one_of(_TEXT, number, flag))
_SAID = one_of(text, many(_ITEM_PART))
_PLAIN = one_of(_TEXT, number, flag)
_RESPONSES_ITEM = one_of(
    members("role content", type=one_of(only("message"), nothing), role=_PLAIN, content=_SAID, phase=_PLAIN, **_COMMON),
    members("type", type=only("function_call"), call_id=_PLAIN, name=_PLAIN, arguments=_PLAIN, **_COMMON),
    members("type output", type=only("function_call_output"), call_id=_PLAIN, output=_SAID, **_COMMON),
    members(
        "type encrypted_content",
        type=only("reasoning"),
        summary=anything,
        encrypted_content=lambda v: v is True or (isinstance(v, str | int | float) and bool(v)),
        **_COMMON,
    ),
)
RESPONSES = members(
    "model input store",
    model=text,
    input=one_of(text, many(_RESPONSES_ITEM)),
    store=only(False),
    background=one_of(nothing, only(False)),
    instructions=_TEXT,
    temperature=_NUMBER,
    stream=_FLAG,
    metadata=maybe(texts),
    include=maybe(many(_TEXT)),
    reasoning=maybe(members(effort=_PLAIN, summary=_PLAIN)),
    tools=maybe(
        many(
            members(
                "type",
                type=only("function"),
                name=_PLAIN,
                description=_PLAIN,
                parameters=anything,
                strict=_PLAIN,
            )
        )
    ),
    text=maybe(
        members(format=maybe(members(type=_PLAIN, name=_PLAIN, schema=anything, strict=_PLAIN)), verbosity=_TEXT)
    ),
    max_output_tokens=_NUMBER,
)

_SOURCE = one_of(
    members("type", type=only("base64"), media_type=_TEXT, data=base64),
    members("type", type=only("text"), media_type=_TEXT, data=_TEXT),
)


def _block(value: object) -> bool:
    return _BLOCK(value)


_BLOCK = one_of(
    members("type", type=only("text"), text=_TEXT, cache_control=_MARK),
    members("type", type=only("image"), source=_SOURCE, cache_control=_MARK),
    members("type", type=only("document"), source=_SOURCE, title=_TEXT, cache_control=_MARK),
    members("type", type=only("thinking"), thinking=_TEXT, signature=_TEXT),
    members("type", type=only("tool_use"), id=_TEXT, name=_TEXT, input=anything, cache_control=_MARK),
    members(
        "type",
        type=only("tool_result"),
        tool_use_id=_TEXT,
        content=one_of(_TEXT, many(_block)),
        is_error=_FLAG,
        cache_control=_MARK,
    ),
)
_BLOCKS = one_of(_TEXT, many(_BLOCK))
MESSAGES = members(
    "model messages",
    model=text,
    max_tokens=_NUMBER,
    messages=many(members("role", role=text, content=_BLOCKS)),
    system=_BLOCKS,
    temperature=_NUMBER,
    stop_sequences=maybe(many(_TEXT)),
    stream=_FLAG,
    thinking=maybe(members(type=_PLAIN, budget_tokens=_PLAIN)),
    metadata=maybe(texts),
    tools=maybe(
        many(
            members(
                type=one_of(nothing, only("custom"), only("")),
                name=_TEXT,
                description=_TEXT,
                input_schema=anything,
                cache_control=_MARK,
            )
        )
    ),
    tool_choice=maybe(members(type=_PLAIN, name=_PLAIN)),
    cache_control=_MARK,
    mcp_servers=one_of(nothing, only([])),
)

_WORD = one_of(text, number)
_FIGURE = one_of(number, text)
_GOOGLE_PART = either_name(
    text=text,
    inlineData=either_name(mimeType=text, data=base64),
    functionCall=either_name(id=text, name=text, args=anything),
    functionResponse=either_name(id=text, name=text, response=anything),
    thoughtSignature=text,
)
_GOOGLE_CONTENT = either_name(role=text, parts=single(_GOOGLE_PART))
GENERATE = either_name(
    contents=single(_GOOGLE_CONTENT),
    systemInstruction=_GOOGLE_CONTENT,
    store=only(False),
    generationConfig=either_name(
        temperature=_FIGURE,
        maxOutputTokens=_FIGURE,
        stopSequences=single(_TEXT),
        responseSchema=anything,
        responseMimeType=text,
        thinkingConfig=either_name(thinkingLevel=_WORD),
    ),
    tools=single(
        either_name(functionDeclarations=single(either_name(name=_WORD, description=_WORD, parameters=anything)))
    ),
    safetySettings=single(either_name(category=_WORD, threshold=_WORD)),
    labels=texts,
)

COMPLETIONS = members(
    "model prompt",
    model=text,
    prompt=one_of(text, many(one_of(text, number, many(number)))),
    **dict.fromkeys("max_tokens n best_of logprobs temperature top_p seed".split(), _NUMBER),
    **dict.fromkeys("echo stream".split(), _FLAG),
    suffix=_TEXT,
    stop=maybe(one_of(text, many(text))),
    stream_options=maybe(members(include_usage=_FLAG)),
    logit_bias=maybe(one_of(text, texts)),
)
EMBEDDINGS = members(
    "model input",
    model=text,
    input=one_of(text, many(one_of(text, number, many(number)))),
    dimensions=_NUMBER,
    encoding_format=_TEXT,
)
EMBED_CONTENT = either_name(
    model=text, content=_GOOGLE_CONTENT, taskType=_WORD, title=_WORD, outputDimensionality=_FIGURE
)
