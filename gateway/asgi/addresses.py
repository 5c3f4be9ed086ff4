"""Which path means what: the addresses that the official SDKs build from whatever base URL their user configures.

Matched from the right, after any of the mounts and versions that the SDKs put in front (wire contract §1): paths of
three vendors overlap, so that for lists of models the headers decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qs

from gateway.asgi.headers import Headers
from gateway.core.operation import CHAT, COUNT_TOKENS, EMBEDDINGS, OPERATIONS, Operation
from gateway.dialects.prompt import Asked

Family: TypeAlias = Literal["openai", "anthropic", "google"]
"""Whose conventions hold for errors and for lists of models."""

_MOUNTS: Final[Mapping[str, Family]] = {"openai": "openai", "anthropic": "anthropic", "google": "google"}
_FRONT: Final = re.compile(r"(?:/(openai|anthropic|google))?(?:/(?:v1beta1|v1beta|v1alpha|v1)){0,2}(/.*)")
"""A version stands twice where a base URL ends in one and the SDK adds its own: agents then tell their users that there
is no such model, and nothing of ours."""
_POSTED: Final[Mapping[str, tuple[Family, str, Operation]]] = {
    "/chat/completions": ("openai", "openai_chat", CHAT),
    "/responses": ("openai", "openai_responses", CHAT),
    "/responses/input_tokens": ("openai", "openai_responses", COUNT_TOKENS),
    "/embeddings": ("openai", "openai_embeddings", EMBEDDINGS),
    "/messages": ("anthropic", "anthropic_messages", CHAT),
    "/messages/count_tokens": ("anthropic", "anthropic_messages", COUNT_TOKENS),
}
_VERBS: Final[Mapping[str, tuple[str, Operation]]] = {
    "generateContent": ("google_generate", CHAT),
    "streamGenerateContent": ("google_generate", CHAT),
    "countTokens": ("google_generate", COUNT_TOKENS),
    "embedContent": ("google_embeddings", EMBEDDINGS),
    "batchEmbedContents": ("google_embeddings", EMBEDDINGS),
}
_MODELS: Final = "/models"


@dataclass(frozen=True, slots=True)
class Address:
    """What a client's path means. `dialect` is empty where nothing is exchanged: `models` lists them, or shows the one
    called `name`."""

    family: Family
    dialect: str = ""
    operation: Operation = CHAT
    lists_models: bool = False
    name: str = ""
    verb: str = ""

    def asked(self, headers: Mapping[str, str], query: str, policy: str) -> Asked:
        """What the dialect has to know of the request beside its body."""
        if not (self.verb or headers or policy):
            return _BODIES_ALONE[self.operation.name]
        streaming = self.verb == "streamGenerateContent"
        return Asked(
            operation=self.operation,
            model=self.name,
            streaming=streaming,
            framing="array" if streaming and "sse" not in parse_qs(query).get("alt", ()) else "events",
            verb=self.verb,
            version=headers.get("anthropic-version", ""),
            betas=tuple(filter(None, (b.strip() for b in headers.get("anthropic-beta", "").split(",")))),
            policy=policy,
        )


_BODIES_ALONE: Final[Mapping[str, Asked]] = {each.name: Asked(operation=each) for each in OPERATIONS}
_FIXED: Final = {rest: Address(*meaning) for rest, meaning in _POSTED.items()}
_SPELLED: Final[dict[str, Address]] = {}
"""Paths of a fixed meaning as they were spelled so far: some hundred spellings, as only mounts and versions vary."""


def address(path: str, headers: Headers, *, keyed: bool) -> Address | None:
    """The meaning of `path`, decoded and without its query; None if it is not one of a client's SDK.

    `keyed`: the key came as `?key=`, which only Google's clients do.
    """
    if (known := _SPELLED.get(path)) is not None:
        return known
    found = _FRONT.fullmatch(path)
    if found is None:
        return None
    mount, rest = found.groups()
    if (fixed := _FIXED.get(rest)) is not None:
        if mount not in (None, fixed.family):
            return None
        _SPELLED[path] = fixed
        return fixed
    if rest != _MODELS and not rest.startswith(_MODELS + "/"):
        return None
    return _of_models(rest.removeprefix(_MODELS).removeprefix("/"), family_of(path, headers, keyed=keyed))


def family_of(path: str, headers: Headers, *, keyed: bool) -> Family:
    """Whose client this is: the mount says so, or else the headers do."""
    mount = _MOUNTS.get(path[1:].partition("/")[0])
    if mount is not None:
        return mount
    names = {name for name, _ in headers}
    if keyed or names & {b"x-goog-api-key", b"x-goog-api-client"}:
        return "google"
    return "anthropic" if b"anthropic-version" in names else "openai"


def _of_models(name: str, family: Family) -> Address:
    """A list of models, one of them, or Google's `{model}:verb`; ids may hold slashes and colons of their own."""
    model, colon, verb = name.rpartition(":")
    if colon and verb in _VERBS:
        dialect, operation = _VERBS[verb]
        return Address("google", dialect, operation, name=_bare(model), verb=verb)
    return Address(family, lists_models=True, name=_bare(name) if family == "google" else name)


def _bare(name: str) -> str:
    """Google's clients may put their prefix before a name that already has it."""
    return name.removeprefix("models/")
