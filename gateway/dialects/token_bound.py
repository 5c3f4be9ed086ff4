"""Upper bound of the tokens of a request, before anybody has counted them. The hold is made from it.

A token is never shorter than a byte of text, in any tokenizer, so that a text has at most as many tokens as bytes. A
picture is counted in tiles, whatever its bytes. Tools add words of the provider, which do not stand in the body.
Sounds, films and documents count as their base64: more than nearly all of them cost, but less than a film of one still
picture. A request that costs more than its hold is charged in full, and marked `over_hold`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.core.snapshot import Snapshot

PICTURE_TOKENS: Final = 50_000
"""Of one picture of any size. The most that is known is 48,169 tokens: eight tiles of gpt-4o-mini (2,833 and 5,667 for
each). Claude has at most 4,784, and Gemini 258 for each tile of 768 pixels."""
TOOLS_TOKENS: Final = 1_000
"""Bound of the provider's instructions for calling tools, which it adds once (Claude: 313 to 530 tokens)."""
OWN_TOOL_TOKENS: Final = 1_500
"""And of each tool of its own, of which only the name stands in the request: Claude's computer has 735, beside a prompt
of up to 499, its editor 700, its shell 245."""


@dataclass(slots=True)
class Pictures:
    """The number of pictures in a request, and the characters of base64 of those that stand in its body."""

    count: int = 0
    characters: int = 0

    def see(self, data: object) -> None:
        """A picture: its base64, or something else where it does not stand in the body."""
        self.count += 1
        self.characters += len(data) if isinstance(data, str) else 0


def tokens_at_most(body: bytes, pictures: Pictures, elsewhere: int, snapshot: Snapshot) -> int:
    """`elsewhere`: the bound of what does not stand in the body, in tokens.
    If the operator counts several bytes as one token, the figure is an estimate and not a bound."""
    text = len(body) - pictures.characters
    return -(-text // snapshot.organisation.bytes_per_token) + PICTURE_TOKENS * pictures.count + elsewhere
