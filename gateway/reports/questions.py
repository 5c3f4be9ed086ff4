"""Questions of a report, read strictly from the members of a query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from gateway.core.errors import InvalidRequest
from gateway.core.selection import Selection

KEY_ID: Final = "key_id"
"""The member for the id of a key. `key` is taken: it holds a secret, and is removed from every address."""
_LONGEST: Final = 256


def known_members(query: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The members with a value. InvalidRequest, which repeats no word of it, for one that is not in `known`."""
    if any(name not in known for name in query):
        raise InvalidRequest(f"The address may hold only these members: {', '.join(known)}.", known=[*known])
    if long := [name for name, value in query.items() if len(value) > _LONGEST]:
        raise InvalidRequest(f"`{long[0]}` must be at most {_LONGEST} characters.", field=long[0])
    return {name: value for name, value in query.items() if value}


def selection_in(members: Mapping[str, str], filters: Collection[str]) -> Selection:
    """Days and values. `filters`: names of the groups that a query may state a value of."""
    since, until = day_in(members, "since"), day_in(members, "until")
    if since is not None and until is not None and since > until:
        raise InvalidRequest("`since` must not be after `until`.", field="since")
    named = {name: KEY_ID if name == "key" else name for name in filters}
    return Selection(since, until, {name: members[of] for name, of in named.items() if of in members})


def members_for(filters: Iterable[str]) -> tuple[str, ...]:
    """The members of a query that state a value of these groups."""
    return tuple(KEY_ID if name == "key" else name for name in filters)


def day_in(members: Mapping[str, str], name: str) -> date | None:
    """None if no day is stated."""
    text = members.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidRequest(f"`{name}` must be a day such as 2026-11-24.", field=name)


def words_in(members: Mapping[str, str], name: str, default: str, known: Collection[str]) -> Sequence[str]:
    """A list with commas between, each word one of `known`."""
    words = [word.strip() for word in members.get(name, default).split(",") if word.strip()]
    if not words or any(word not in known for word in words) or len({*words}) < len(words):
        raise InvalidRequest(f"`{name}` must list some of {', '.join(known)}, each once.", field=name, known=[*known])
    return words


def count_in(members: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    text = members.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise InvalidRequest(f"`{name}` must be a whole number from 1 to {most}.", field=name)
    return int(text)
