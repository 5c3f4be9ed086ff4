"""System turns for a provider that takes instructions at the beginning alone."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.dialects.neutral import Role, Turn


def move_trailing_system_turns(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The turns, with instructions behind the model's last word said by the user: moved to the beginning they would
    leave that word the last, and a model goes on from its own word instead of answering."""
    last = max((place for place, turn in enumerate(turns) if turn.role is not Role.SYSTEM), default=-1)
    if last < 0 or turns[last].role is not Role.ASSISTANT:
        return turns
    return [*turns[: last + 1], *(Turn(Role.USER, turn.parts) for turn in turns[last + 1 :])]
