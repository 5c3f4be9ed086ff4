"""OpenAI's legacy text completions, and their form for fill-in-the-middle: passed on to routes that speak them.

A prompt without turns has no counterpart in any other dialect, so that no request is translated. A reply is, where a
provider streams unasked or ignores `stream`.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import COMPLETIONS, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import OPENAI, Family
from gateway.dialects.identifiers import Members
from gateway.dialects.openai.errors import error
from gateway.dialects.openai.stream import client_framing, observe, tally
from gateway.dialects.openai_completions.decode import conversation
from gateway.dialects.openai_completions.encode import written
from gateway.dialects.openai_completions.events import events, reader
from gateway.dialects.openai_completions.reply import writer
from gateway.dialects.openai_completions.request import NAME, PATH, accept, passed
from gateway.dialects.openai_completions.texts import texts

FAMILY: Final[Family] = OPENAI
PATHS: Final[Mapping[str, Operation]] = {PATH: COMPLETIONS}
VERBS: Final[Mapping[str, Verb]] = {}
IDENTIFIERS: Final[Members] = (("user",),)
EMBEDS_AS: Final = ""

__all__ = [
    "EMBEDS_AS",
    "FAMILY",
    "IDENTIFIERS",
    "NAME",
    "PATHS",
    "VERBS",
    "accept",
    "client_framing",
    "conversation",
    "error",
    "events",
    "observe",
    "passed",
    "reader",
    "tally",
    "texts",
    "writer",
    "written",
]
