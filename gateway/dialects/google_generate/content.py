"""Parts that show something: media in a request, and what a tool answered with."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.dialects import media
from gateway.dialects.google.content import is_kept, kind_of
from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.google_generate.signatures import standard
from gateway.dialects.neutral import Media, Text

_DETAILS: Final = {"MEDIA_RESOLUTION_LOW": "low", "MEDIA_RESOLUTION_HIGH": "high"}
_FILMS: Final = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")
"""Addresses of films that need no MIME type."""


def inline(held: GoogleObject, detail: str = "") -> Media:
    """`inlineData`. Google reads both alphabets of base64, its SDKs write the one for URLs."""
    mime, where = held.text("mimeType").partition(";")[0].strip().lower(), held.path("mimeType")
    if not mime:
        raise fault(where, "must say what the data is")
    kind = kind_of(mime)
    data = media.encoded(standard(held.text("data")), held.path("data"))
    return Media(kind, media.fitting(mime, kind, where), data, name=held.text("displayName"), detail=detail)


def linked(held: GoogleObject, detail: str = "") -> Media:
    """`fileData`. InvalidRequest for a file in Google's own store."""
    uri, mime = held.text("fileUri"), held.text("mimeType").lower()
    if is_kept(uri):
        raise fault(held.path("fileUri"), "must be an address: what Google keeps, no other provider can read")
    if not mime and not uri.startswith(_FILMS):
        raise fault(held.path("mimeType"), "must say what is at the address")
    kind = kind_of(mime) if mime else "video"
    return Media(kind, mime, url=uri, name=held.text("displayName"), detail=detail)


def detail_of(part: GoogleObject) -> tuple[str, bool]:
    """(OpenAI's word for `mediaResolution`, whether the resolution is lost for lack of a word)."""
    level = part.raw("mediaResolution")
    if level is None:
        return "", False
    word = part.inner("mediaResolution").text("level").upper() if isinstance(level, dict) else ""
    return _DETAILS.get(word, ""), word not in _DETAILS


def answered(held: GoogleObject) -> tuple[tuple[Text | Media, ...], bool]:
    """(what a tool answered, whether it failed) of `functionResponse`.

    Google: what stands under `output` is the answer and under `error` the fault, else the whole object is the answer.
    """
    response = held.table("response")
    said = (Text(_said(response, held.text("name"))),) if response or "parts" not in held else ()
    shown = (
        inline(part.inner("inlineData")) if "inlineData" in part else linked(part.inner("fileData"))
        for part in held.each("parts")
    )
    return (*said, *shown), "error" in response and "output" not in response


def _said(response: Any, tool: str) -> str:
    """The answer alone, out of what clients put around it: Vercel's AI SDK names the tool again beside it."""
    names = set(response)
    if names == {"name", "content"} and response["name"] == tool:
        names = {"content"}
    for name in ("output", "error", "result", "content"):
        if names == {name}:
            response = response[name]
            break
    return response if isinstance(response, str) else orjson.dumps(response).decode()
