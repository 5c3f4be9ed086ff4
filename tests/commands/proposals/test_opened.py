"""Proposals read from their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.proposals.opened import opened
from gateway.commands.terminal.stop import Stop
from tests.commands.proposals.lists import a_catalogue, genai, litellm, updated


def test_a_proposal_is_read_as_it_was_written(tmp_path: Path) -> None:
    updated(tmp_path, a_catalogue(tmp_path), litellm(tmp_path, alpha=3e-06), genai(tmp_path, alpha=3))
    proposal = opened(str(tmp_path / "proposal.json"))
    assert [change.id for change in proposal.changes] == ["alpha/small:price.input"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 1', b"[]"])
def test_another_file_stops(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "proposal.json"
    path.write_bytes(content)
    with pytest.raises(Stop, match="is not"):
        opened(str(path))


def test_a_missing_and_a_huge_file_stop(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="cannot be read"):
        opened(str(tmp_path / "missing.json"))
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(Stop, match="has more than"):
        opened(str(tmp_path / "huge.json"))
