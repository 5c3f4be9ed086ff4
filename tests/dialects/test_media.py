"""Base64 inside requests: what is taken, what is refused, and that a refusal repeats nothing of it."""

from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects import media
from gateway.dialects.media import MediaKind
from gateway.dialects.neutral import Media


@pytest.mark.parametrize(
    ("url", "kind", "found"),
    [
        ("data:image/png;base64,iVBORw0KGgo=", "image", ("image/png", "iVBORw0KGgo=")),
        ("DATA:Image/PNG;BASE64,iVBORw0KGgo=", "image", ("image/png", "iVBORw0KGgo=")),
        ("data:text/plain;charset=utf-8;base64,aGk=", "document", ("text/plain", "aGk=")),
        ("data:application/pdf;base64,JVBERi0=", "document", ("application/pdf", "JVBERi0=")),
        ("data:audio/wav;base64,UklGRg==", "audio", ("audio/wav", "UklGRg==")),
        ("data:video/mp4;base64,AAAA", "video", ("video/mp4", "AAAA")),
    ],
)
def test_a_data_url_is_a_type_and_base64(url: str, kind: MediaKind, found: tuple[str, str]) -> None:
    assert media.is_inline(url)
    assert media.inline(url, kind, "f") == found


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("data:image/png,plain", "image"),
        ("data:image/png;base64,", "image"),
        ("data:image/png;base64,secret!", "image"),
        ("data:image/png;base64,iVBORw0KGgo", "image"),
        ("data:image/png;base64,iVBO\nRw0KGgo=", "image"),
        ("data:text/html;base64,aGk=", "image"),
        ("data:image/png;base64,aGk=", "document"),
        ("data:;base64,aGk=", "image"),
        ("data:", "image"),
    ],
)
def test_what_no_provider_could_read_is_refused_by_name(url: str, kind: MediaKind) -> None:
    with pytest.raises(InvalidRequest) as refused:
        media.inline(url, kind, "messages[0].content[1].image_url")
    assert refused.value.details["field"] == "messages[0].content[1].image_url"
    assert "secret" not in refused.value.message


def test_media_become_a_data_url_again() -> None:
    url = "data:image/png;base64,iVBORw0KGgo="
    assert media.data_url(Media("image", *media.inline(url, "image", "f"))) == url
    assert not media.is_inline("https://example.test/data:")
