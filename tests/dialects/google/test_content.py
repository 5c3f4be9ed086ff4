"""Kinds of media, and where Google's own files stand."""

from __future__ import annotations

from gateway.dialects.google.content import is_kept, kind_of


def test_files_of_googles_own_store_are_kept() -> None:
    assert is_kept("gs://bucket/a")
    assert is_kept("files/a")
    assert not is_kept("https://x.test/a.png")


def test_kinds_follow_from_mime_types() -> None:
    assert [kind_of(m) for m in ("image/a", "audio/a", "Video/a", "text/a", "")] == [
        "image",
        "audio",
        "video",
        "document",
        "document",
    ]
