"""Signatures that a provider wants back, carried through clients of other dialects. The gateway keeps nothing.

A thought's signature from elsewhere travels in an envelope that names its dialect, in the place where the client's own
dialect keeps signatures. Google's signatures of tool calls travel inside the call's id, which every client returns.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_ENVELOPE: Final = re.compile(r"scsig\.([a-z_]{1,32})\.(.+)", re.DOTALL)
_MARK: Final = "__scsig_"
_IN_AN_ID: Final = re.compile(rb'("(?:id|call_id|tool_call_id|tool_use_id)"\s*:\s*"[^"\\]*?)__scsig_[A-Za-z0-9_-]*')
"""Only in the value of a member that holds a call's id: the same characters in somebody's words stay."""


def enveloped(signature: str, origin: str) -> str:
    """`signature`, marked as made by `origin`."""
    return f"scsig.{origin}.{signature}"


def opened(signature: str, own: str) -> tuple[str, str]:
    """(signature, origin): of an envelope what is in it, else the signature itself, made by the dialect `own`."""
    envelope = _ENVELOPE.fullmatch(signature)
    return (envelope.group(2), envelope.group(1)) if envelope else (signature, own)


def signed_id(id_: str, signature: str) -> str:
    """A call id (letters, digits, `_` and `-`) that carries a signature."""
    if not signature:
        return id_
    return id_ + _MARK + base64.urlsafe_b64encode(signature.encode()).decode().rstrip("=")


def split_id(id_: str) -> tuple[str, str]:
    """(id, signature): the inverse of `signed_id`."""
    plain, mark, packed = id_.partition(_MARK)
    if not mark:
        return id_, ""
    try:
        return plain, base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return plain, ""


def without_signatures(body: bytes) -> bytes:
    """A body for a provider that never made such ids: they are cut back to what the provider knows."""
    return _IN_AN_ID.sub(rb"\1", body) if _MARK.encode() in body else body
