"""Instructions behind the model's last word are what it answers."""

from __future__ import annotations

import pytest

from gateway.dialects.neutral import Role, Text, Turn
from gateway.dialects.system_turns import move_trailing_system_turns


def turn(role: Role, text: str = "x") -> Turn:
    return Turn(role, (Text(text),))


RULE, ASKED, SAID = turn(Role.SYSTEM), turn(Role.USER), turn(Role.ASSISTANT)


@pytest.mark.parametrize(
    "turns",
    [
        (),
        (RULE,),
        (RULE, ASKED),
        (ASKED, RULE),
        (RULE, ASKED, SAID),
        (ASKED, SAID, RULE, ASKED),
        (ASKED, SAID, ASKED, RULE),
    ],
)
def test_who_is_asked_by_the_user_is_asked(turns: tuple[Turn, ...]) -> None:
    assert tuple(move_trailing_system_turns(turns)) == turns


def test_instructions_behind_the_models_last_word_are_the_users() -> None:
    first, second = turn(Role.SYSTEM, "a"), turn(Role.SYSTEM, "b")
    told = move_trailing_system_turns((RULE, ASKED, SAID, RULE, ASKED, SAID, first, second))
    assert told == [RULE, ASKED, SAID, RULE, ASKED, SAID, turn(Role.USER, "a"), turn(Role.USER, "b")]
