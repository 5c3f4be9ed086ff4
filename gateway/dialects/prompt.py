"""The sealed prompt: content in memory, in the exchange that carries it, and nowhere else."""

from __future__ import annotations

from typing import Final, Literal, NoReturn

from gateway.core.frozen import frozen
from gateway.core.operation import CHAT, Operation
from gateway.dialects.strict_json import Document


@frozen(repr=False)
class PromptHead:
    """The path and the headers of a request, as far as the dialect reads them.

    `model`, `verb` and `streaming`: from the path (Google). `framing` of a stream: `array` is Google's array
    of JSON.
    `version`, `betas`: Anthropic's headers. `policy`: the value of `x-safeconduct-policy`.
    """

    operation: Operation = CHAT
    model: str = ""
    streaming: bool = False
    framing: Literal["events", "array"] = "events"
    verb: str = ""
    version: str = ""
    betas: tuple[str, ...] = ()
    policy: str = ""


PLAIN: Final = PromptHead()
"""A request whose body says everything."""


class Sealed(TypeError):
    """Somebody tried to print, copy, compare or store content."""


class Prompt:
    """The body of one request as the client sent it. Only a dialect may open it; what goes upstream is sealed again.

    `repr` says nothing, so that it is safe in any traceback; everything else that would let content out raises Sealed.
    """

    __slots__ = ("_document", "head")

    def __init__(self, document: Document, head: PromptHead = PLAIN) -> None:
        self._document = document
        self.head = head

    def unseal(self) -> Document:
        """The content. Called in `gateway/dialects` alone; the architecture test looks."""
        return self._document

    def __repr__(self) -> str:
        return "Prompt(sealed)"

    def _refuse(self, *_: object) -> NoReturn:
        raise Sealed("a prompt is sealed")

    __str__ = __format__ = __eq__ = __hash__ = _refuse
    __reduce__ = __reduce_ex__ = __getstate__ = _refuse
    __copy__ = __deepcopy__ = __len__ = __iter__ = __bytes__ = __contains__ = _refuse
