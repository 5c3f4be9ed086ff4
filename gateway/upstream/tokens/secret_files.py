"""Files that hold a secret or name one: bounded, read anew for each renewal, never written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.core.token_kinds import SourceMember
from gateway.upstream.tokens.endpoint import TokenFault

MAX_FILE: Final = 65_536
LOOK_AGAIN_S: Final = 10.0
"""Seconds after which a file is looked at again."""


async def text_in(path: str) -> str:
    """The file's ASCII text without surrounding space. Raises TokenFault "file"."""
    try:
        return await asyncio.to_thread(_read, Path(path))
    except (OSError, ValueError):  # a UnicodeDecodeError holds the file; an embedded NUL is no path
        raise TokenFault("file") from None


async def secret_of(members: Mapping[str, str], member: SourceMember) -> str:
    """The secret of a member, from the setting or from the file that the other setting names; empty for neither."""
    path = members.get(member.file_name)
    secret = members.get(member.name, "") if path is None else await text_in(path)
    if (path is not None and not secret) or not all("!" <= c <= "~" for c in secret):
        raise TokenFault("file")
    return secret


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ValueError
    return content.decode("ascii").strip()
