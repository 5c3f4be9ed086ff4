from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.declarations.documents import DOCUMENT_MOST, Shelf, called, digest, find
from gateway.declarations.faults import Report
from tests.declarations.papers import papers


def found(root: Path, *extra: str) -> tuple[Shelf, list[str]]:
    report = Report()
    shelf = find(root / "config", root / "policies", [root / name for name in extra], report)
    return shelf, [str(fault).replace(f"{root.as_posix()}/", "") for fault in report.faults]


def test_every_document_has_a_name_that_does_not_depend_on_where_it_lies(tmp_path: Path) -> None:
    papers(tmp_path).write("box/catalog/sandbox-se.toml", "").write("box/models/sandbox.toml", "")
    shelf, faults = found(tmp_path, "box")
    assert faults == []
    assert sorted(document.name for document in shelf) == [
        "config/catalog/alpha.toml",
        "config/catalog/beta.toml",
        "config/contracts.toml",
        "config/fx.toml",
        "config/models/lab.toml",
        "config/organisation.toml",
        "config/regions.toml",
        "config/teams.toml",
        "policies/open.toml",
        "policies/strict.toml",
        "sandbox/catalog/sandbox-se.toml",
        "sandbox/models/sandbox.toml",
    ]


def test_other_files_and_hidden_ones_are_no_documents(tmp_path: Path) -> None:
    papers(tmp_path).write("policies/README.md", "x").write("policies/.#strict.toml", "x").write(
        "config/gateway.env", ""
    )
    shelf, faults = found(tmp_path)
    assert faults == []
    assert [document.stem for document in shelf.policies] == ["open", "strict"]


def test_a_document_that_nobody_reads_is_a_fault(tmp_path: Path) -> None:
    papers(tmp_path).write("config/contract.toml", "")
    _, faults = found(tmp_path)
    assert faults == [
        "config/contract.toml: no document has this name; rename it: use one of contracts.toml, "
        "deployments.toml, feeds.toml, fx.toml, organisation.toml, regions.toml, teams.toml "
        "(did you mean contracts.toml?)"
    ]


def test_contracts_may_be_absent_and_the_others_may_not(tmp_path: Path) -> None:
    papers(tmp_path).remove("config/contracts.toml").remove("config/teams.toml").remove("config/fx.toml")
    _, faults = found(tmp_path)
    assert faults == [
        "config/teams.toml: the document is missing; copy it from the shipped config/",
        "config/fx.toml: the document is missing; copy it from the shipped config/",
    ]


def test_missing_directories_are_one_fault_each(tmp_path: Path) -> None:
    _, faults = found(tmp_path, "box")
    assert faults == [
        f"{name}: the directory does not exist; create it, or correct the setting"
        for name in ("config", "policies", "box/catalog", "box/models")
    ]


def test_a_document_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    papers(tmp_path)
    (tmp_path / "policies/folder.toml").mkdir()
    os.mkfifo(tmp_path / "policies/pipe.toml")
    with (tmp_path / "policies/large.toml").open("wb") as large:
        large.truncate(DOCUMENT_MOST + 1)
    (tmp_path / "policies/gone.toml").symlink_to(tmp_path / "nowhere")
    _, faults = found(tmp_path)
    irregular = "it is not a regular file; remove it, or put the document itself in its place"
    assert faults == [
        f"policies/folder.toml: {irregular}",
        f"policies/gone.toml: {irregular}",
        f"policies/large.toml: it is larger than {DOCUMENT_MOST} bytes; split it, or remove all but declarations",
        f"policies/pipe.toml: {irregular}",
    ]


def test_a_file_is_called_as_seen_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(tmp_path / "config/fx.toml") == "config/fx.toml"
    assert called(Path("config/fx.toml")) == "config/fx.toml"
    assert called(Path("/etc/safeconduct/fx.toml")) == "/etc/safeconduct/fx.toml"


def test_the_digest_is_of_names_and_contents() -> None:
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    others = [{"a": b"1"}, {"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"1b2"}, {"a": b"", "1": b"2"}]
    assert len({digest({"a": b"1", "b": b"2"}), *map(digest, others)}) == 6
