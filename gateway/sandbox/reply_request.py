"""A request to the sandbox: its shape, with the words already counted and gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from gateway.sandbox.fields import Wrong, invalid
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tool_requests import ToolRequest

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema, as the request gave it."""


@dataclass(frozen=True, slots=True)
class DeclaredFunction:
    """A function that the model may call. `arguments`: those of the call, where the request states them; None for any
    that fit the parameters."""

    name: str
    parameters: Schema
    arguments: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """The shape of a request for a reply.

    `messages` counts the system's words as one. `prompt_tokens` is everything, pictures too. `call`: the function to
    call; `worded`: the call that the words of the last message request. `schema`: what the reply must fit. `thought`:
    whether to think first, and whether to show it; `sealed`: the thought travels along in a form that only its maker
    can read.
    """

    messages: int
    prompt_tokens: int
    images: int = 0
    streaming: bool = False
    include_usage: bool = False
    limit: int | None = None
    choices: int = 1
    stop: tuple[str, ...] = field(default=(), repr=False)
    call: DeclaredFunction | None = field(default=None, repr=False)
    worded: ToolRequest | None = field(default=None, repr=False)
    json: bool = False
    schema: Schema | None = field(default=None, repr=False)
    thought: Literal["none", "hidden", "shown"] = "none"
    sealed: bool = False


def counted(tally: PromptCount) -> ReplyRequest:
    """The least that is asked of a prompt: any reply."""
    return ReplyRequest(tally.messages, tally.tokens, tally.images, worded=tally.requested)


def worded_function(tools: Mapping[str, DeclaredFunction], worded: ToolRequest | None) -> DeclaredFunction | None:
    """The function that the words of a prompt request, among those that the model is free to call."""
    function = tools.get(worded.name) if worded is not None else None
    return replace(function, arguments=worded.arguments) if function is not None and worded is not None else None


def first(tools: Mapping[str, DeclaredFunction], names: Iterable[str], param: str) -> DeclaredFunction:
    """Of these tools, the one to call: the first of `names`, all of which must exist. Raises Wrong."""
    names_to_choose = list(names)
    if not names_to_choose or not tools.keys() >= set(names_to_choose):
        raise invalid(f"'{param}' asks for a tool that is not in 'tools'.", param)
    return tools[names_to_choose[0]]


def known(model: str, offered: str) -> None:
    """Raises Wrong for another model than the one that is offered here."""
    if not model:
        raise invalid("You must provide a model parameter.", "model")
    if model != offered:
        raise Wrong(404, "The model does not exist or you do not have access to it.", "model", "model_not_found")
