"""The meaning of a path: whatever base URL a client configures.

A path is matched from the right, behind any of the mounts and versions that the SDKs put in front (wire contract §1).
The paths of three vendors overlap, so that for lists of models the request headers decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from gateway.asgi.headers import Fields, ScopeHeaders
from gateway.core.operation import CHAT, Operation
from gateway.dialects.dialect import Dialect
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.registry import Registry

_VERSIONED: Final = re.compile(r"(?:/(?:v1beta1|v1beta|v1alpha|v1)){0,2}(/.*)")
"""A version stands twice where a base URL ends in one and the SDK adds its own. A refusal there would let agents report
an unknown model."""
_MODELS: Final = "/models"


@dataclass(frozen=True, slots=True)
class Address:
    """The meaning of one path. `family` is the name of a family of SDKs.

    `dialect` is None where nothing is exchanged: then the path lists models, or shows the model `name`. `verb`: the
    verb behind the model's name, where the dialect has verbs; `streaming`: the verb asks for a stream. `bare`: the head
    of a request whose headers say nothing to the dialect.
    """

    family: str
    dialect: Dialect | None = None
    operation: Operation = CHAT
    name: str = ""
    verb: str = ""
    streaming: bool = False
    bare: PromptHead = field(default=PLAIN, compare=False)

    def prompt_head(self, fields: Fields, query: bytes, policy: str) -> PromptHead:
        """The facts beside the body that concern the dialect. `policy`: the request's own, from its header."""
        family = self.dialect.FAMILY if self.dialect is not None else None
        version = fields.one(family.version_header) if family is not None and family.version_header else None
        betas = fields.one(family.betas_header) if family is not None and family.betas_header else None
        if not (self.verb or version or betas or policy):
            return self.bare
        as_events = not self.streaming or "sse" in parse_qs(query.decode("latin-1")).get("alt", ())
        return PromptHead(
            operation=self.operation,
            model=self.name,
            streaming=self.streaming,
            framing="events" if as_events else "array",
            verb=self.verb,
            version=version or "",
            betas=tuple(filter(None, (b.strip() for b in (betas or "").split(",")))),
            policy=policy,
        )


class Addresses:
    """The paths of every registered dialect."""

    def __init__(self, registry: Registry) -> None:
        self._families = {name: dialect.FAMILY for name, dialect in registry.families.items()}
        self._default = next(iter(self._families))
        self._verbs = registry.verbs
        self._fixed = {
            path: Address(dialect.FAMILY.name, dialect, operation, bare=PromptHead(operation=operation))
            for path, (dialect, operation) in registry.paths.items()
        }
        self._spelled: dict[str, Address] = {}
        """Spellings of fixed paths seen so far: some hundred, as only mounts and versions vary."""

    def find(self, path: str, headers: ScopeHeaders, *, keyed: bool) -> Address | None:
        """The meaning of `path`, decoded and without its query; None if it does not belong to a client's SDK.

        `keyed`: the key came as `?key=`.
        """
        if (known := self._spelled.get(path)) is not None:
            return known
        mount = self._mount(path)
        versioned = _VERSIONED.fullmatch(path[len(mount) + 1 :] if mount else path)
        if versioned is None:
            return None
        rest = versioned[1]
        if (fixed := self._fixed.get(rest)) is not None:
            if mount not in ("", fixed.family):
                return None
            self._spelled[path] = fixed
            return fixed
        if rest != _MODELS and not rest.startswith(_MODELS + "/"):
            return None
        return self._of_models(rest.removeprefix(_MODELS).removeprefix("/"), self.family(path, headers, keyed=keyed))

    def family(self, path: str, headers: ScopeHeaders, *, keyed: bool) -> str:
        """The family of the client: from the mount, else from the headers, else the first family."""
        if mount := self._mount(path):
            return mount
        names = {name for name, _ in headers}
        marked = [name for name, f in self._families.items() if (keyed and f.key_in_query) or names & f.marks]
        return marked[-1] if marked else self._default

    def _mount(self, path: str) -> str:
        """The name of the family at whose mount `path` stands; empty for none."""
        first = path[1:].partition("/")[0]
        return first if path[:1] == "/" and first in self._families else ""

    def _of_models(self, name: str, family: str) -> Address:
        """A list of models, one model, or `{model}:verb`. Ids of models may hold slashes and colons."""
        model, colon, verb = name.rpartition(":")
        if colon and verb in self._verbs:
            dialect, meaning = self._verbs[verb]
            bare = model.removeprefix(dialect.FAMILY.model_prefix)
            return Address(dialect.FAMILY.name, dialect, meaning.operation, bare, verb, meaning.streaming)
        return Address(family, name=name.removeprefix(self._families[family].model_prefix))
