"""Anthropic's Messages, as clients write it and as Anthropic and other providers speak it.

Reference: the API's published reference, versions 2023-06-01 and 2026-10-21, and the types of the official Python SDK
2.12.0 (November 2026).
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import CHAT, COUNT_TOKENS, Operation
from gateway.dialects.anthropic_messages.carriers import CARRIERS
from gateway.dialects.anthropic_messages.counting import count, counted
from gateway.dialects.anthropic_messages.decode import conversation
from gateway.dialects.anthropic_messages.encode import written
from gateway.dialects.anthropic_messages.errors import error
from gateway.dialects.anthropic_messages.events import events, reader
from gateway.dialects.anthropic_messages.framing import reply_framing
from gateway.dialects.anthropic_messages.reply import writer
from gateway.dialects.anthropic_messages.request import COUNTING_PATH, NAME, PATH, accept, passed
from gateway.dialects.anthropic_messages.stream import client_framing, observe, tally
from gateway.dialects.anthropic_messages.texts import texts
from gateway.dialects.dialect import Verb
from gateway.dialects.families import ANTHROPIC, Family
from gateway.dialects.identifiers import Members

FAMILY: Final[Family] = ANTHROPIC
PATHS: Final[Mapping[str, Operation]] = {PATH: CHAT, COUNTING_PATH: COUNT_TOKENS}
VERBS: Final[Mapping[str, Verb]] = {}
IDENTIFIERS: Final[Members] = (("metadata", "user_id"),)
EMBEDS_AS: Final = ""
PLACING: Final = ("inference_geo",)

__all__ = [
    "CARRIERS",
    "EMBEDS_AS",
    "FAMILY",
    "IDENTIFIERS",
    "NAME",
    "PATHS",
    "PLACING",
    "VERBS",
    "accept",
    "client_framing",
    "conversation",
    "count",
    "counted",
    "error",
    "events",
    "observe",
    "passed",
    "reader",
    "reply_framing",
    "tally",
    "texts",
    "writer",
    "written",
]
