"""Files with secrets are read anew each time, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.core.token_kinds import SourceMember
from gateway.upstream.tokens.endpoint import TokenFault
from gateway.upstream.tokens.secret_files import MAX_FILE, secret_of, text_in

MEMBER = SourceMember("token", is_secret=True)


async def test_a_file_is_read_again_at_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for secret in ("one", "two"):
        file.write_text(f"{secret}\n")
        assert await text_in(str(file)) == secret
        assert await secret_of({"token_file": str(file)}, MEMBER) == secret


async def test_a_secret_stands_in_the_setting_or_nowhere() -> None:
    assert await secret_of({"token": "hush"}, MEMBER) == "hush"
    assert await secret_of({}, MEMBER) == ""


@pytest.mark.parametrize("content", [b"", b"hush hush", b"hush\nhush", b"\xff", b"x" * (MAX_FILE + 1)])
async def test_a_file_that_holds_no_secret_is_a_fault_without_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    await _faulty({"token_file": str(tmp_path / "token")})


async def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    await _faulty({"token_file": str(tmp_path / "none")})
    await _faulty({"token_file": "a\0b"})


async def _faulty(members: Mapping[str, str]) -> None:
    with pytest.raises(TokenFault) as caught:
        await secret_of(members, MEMBER)
    assert caught.value.kind == "file"
    assert "hush" not in repr(caught.value)
