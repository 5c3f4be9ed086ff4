"""Counts a prompt while a wire language walks through it, and checks that every call has its result."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson

from gateway.sandbox.fields import invalid
from gateway.sandbox.tokens import IMAGE, MESSAGE, count
from gateway.sandbox.tool_requests import ToolRequest, tool_request


class PromptCount:
    """Of one prompt."""

    def __init__(self) -> None:
        self.messages = self.images = self.tokens = 0
        self._waiting: Counter[str] = Counter()
        self.requested: ToolRequest | None = None
        """The call that the last message requests in words."""
        self._has_result = False

    def message(self) -> None:
        """A turn begins."""
        self.messages += 1
        self.tokens += MESSAGE
        self.requested, self._has_result = None, False

    def text(self, text: str) -> None:
        self.tokens += count(text)
        if not self._has_result:
            self.requested = tool_request(text) or self.requested

    def image(self) -> None:
        self.images += 1
        self.tokens += IMAGE

    def json(self, value: Any) -> None:
        """JSON that the model reads: calls, results, definitions of tools."""
        self.tokens += count(orjson.dumps(value).decode())

    def called(self, call: str) -> None:
        """A call was made; its id, or its name where ids are optional."""
        self._waiting[call] += 1

    def answered(self, call: str, param: str) -> None:
        """Raises Wrong for the result of a call that was never made, or has one already."""
        if not self._waiting[call]:
            raise invalid("This is the result of no call before it.", param)
        self._waiting[call] -= 1
        self.requested, self._has_result = None, True

    def close(self, param: str) -> None:
        """The prompt ends. Raises Wrong for a call without a result."""
        if self._waiting.total():
            raise invalid("A call has no result after it.", param)
