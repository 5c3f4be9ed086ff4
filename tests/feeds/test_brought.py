"""Price lists as the operator brings them."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import pytest

from gateway.feeds.brought import installed, read_feed
from gateway.feeds.refused import FeedRefused
from tests.feeds.lists import GENAI_PRICES, as_bytes, litellm_list, models_dev_list, pi_ai_file

DAY, TODAY = date(2026, 11, 20), date(2026, 11, 24)


def a_file(at: Path, content: bytes) -> str:
    at.write_bytes(content)
    return str(at)


def a_wheel(at: Path, member: str, content: bytes) -> str:
    path = at / "litellm-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return str(path)


def an_archive(at: Path, files: dict[str, bytes]) -> str:
    path = at / "pi-ai.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "family"),
    [
        ("prices.json", as_bytes(litellm_list()), "litellm"),
        ("api.json", as_bytes(models_dev_list()), "models-dev"),
        ("data.py", GENAI_PRICES.encode(), "genai-prices"),
        ("data.json", as_bytes([{"id": "alpha", "models": [{"id": "lab/small"}]}]), "genai-prices"),
    ],
)
def test_a_file_is_known_by_its_content(tmp_path: Path, name: str, content: bytes, family: str) -> None:
    feed = read_feed(a_file(tmp_path / name, content), DAY, TODAY)
    assert feed.label.family == family
    assert (feed.label.dated, len(feed.label.sha256)) == (DAY, 64)
    assert "alpha/lab/small" in feed.offers


def test_a_wheel_names_its_version_and_is_not_unpacked(tmp_path: Path) -> None:
    member = "litellm/model_prices_and_context_window_backup.json"
    feed = read_feed(a_wheel(tmp_path, member, as_bytes(litellm_list())), DAY, TODAY)
    assert str(feed.label) == "litellm 1.2.3"
    assert [path.name for path in tmp_path.iterdir()] == ["litellm-1.2.3-py3-none-any.whl"]


def test_pi_ai_names_its_version_and_its_day(tmp_path: Path) -> None:
    files = {
        "package.json": as_bytes({"version": "1.6.0"}),
        "dist/providers/data/.manifest.json": as_bytes({"generatedAt": "2026-11-20T10:48:49Z"}),
        "dist/providers/data/alpha.json": as_bytes(pi_ai_file()),
        "dist/providers/data/beta.json": as_bytes(pi_ai_file()),
    }
    feed = read_feed(an_archive(tmp_path, files), None, TODAY)
    assert (str(feed.label), feed.label.family, feed.label.dated) == ("pi-ai 1.6.0", "models-dev", DAY)
    assert sorted(feed.offers) == ["alpha/lab/small", "beta/lab/small"]


def test_without_a_stated_day_the_day_of_the_file_counts(tmp_path: Path) -> None:
    path = a_file(tmp_path / "prices.json", as_bytes(litellm_list()))
    os.utime(path, (1_763_600_000, 1_763_600_000))
    assert read_feed(path, None, TODAY).label.dated == date(2025, 11, 20)


@pytest.mark.parametrize(("stamp", "what"), [(86_400, "of which day"), (4_000_000_000, "has not come yet")])
def test_a_day_that_cannot_be_is_refused(tmp_path: Path, stamp: int, what: str) -> None:
    path = a_file(tmp_path / "prices.json", as_bytes(litellm_list()))
    os.utime(path, (stamp, stamp))
    with pytest.raises(FeedRefused) as refused:
        read_feed(path, None, TODAY)
    assert what in refused.value.what
    assert "@DAY" in refused.value.do


def test_what_is_no_price_list_is_refused(tmp_path: Path) -> None:
    for name, content in (
        ("other.json", b'{"a": 1}'),
        ("cut.json", as_bytes(litellm_list())[:-5]),
        ("cut.whl", b"PK\x03\x04cut"),
        ("cut.tgz", b"\x1f\x8bcut"),
    ):
        with pytest.raises(FeedRefused):
            read_feed(a_file(tmp_path / name, content), DAY, TODAY)
    with pytest.raises(FeedRefused):
        read_feed(a_wheel(tmp_path, "other/file.json", b"{}"), DAY, TODAY)
    with pytest.raises(FeedRefused):
        read_feed(an_archive(tmp_path, {"dist/index.js": b""}), DAY, TODAY)
    with pytest.raises(FeedRefused):
        read_feed(str(tmp_path / "missing.json"), DAY, TODAY)


def test_a_list_larger_than_any_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(FeedRefused, match="more than"):
        read_feed(str(path), DAY, TODAY)


def test_an_installed_package_is_named_without_being_imported() -> None:
    assert set(installed()) <= {"genai-prices", "litellm"}
