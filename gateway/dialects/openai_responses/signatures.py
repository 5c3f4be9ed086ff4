"""Sealed content of reasoning items: `encrypted_content`, bound to the item's id and of use to its maker alone.

Thoughts of models behind other dialects travel through clients of this one in the same place, in an envelope.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.dialects import signatures

FOREIGN: Final = "rs_foreign_"
"""Prefix of the ids of reasoning items that we write: every thought in them comes from another dialect."""

UNSIGNED: Final = "scsig.none"
"""Stands in `encrypted_content` of a thought that nobody signed: clients that keep nothing return no thought without.
The provider may want its words back."""

_REDACTED: Final = "redacted."
_ENVELOPES: Final = ("scsig.", f"{_REDACTED}scsig.")


def packed(id_: str, sealed: str) -> str:
    """One signature out of both: a provider refuses what was sealed under another id."""
    return f"{id_}:{sealed}"


def unpacked(signature: str) -> tuple[str, str]:
    """(id, sealed): the inverse of `packed`; the id may be empty."""
    id_, _, sealed = signature.partition(":")
    return id_, sealed


def shown(signature: str, *, redacted: bool) -> str:
    """An enveloped signature as `encrypted_content` of an item of ours."""
    return (_REDACTED if redacted else "") + signature


def unsealed(sealed: str, id_: str, own: str) -> tuple[str, str, bool]:
    """(signature, origin, redacted) of an item's `encrypted_content`; what bears no envelope was made by `own`.

    The first two are empty for UNSIGNED.
    """
    if sealed == UNSIGNED:
        return "", "", False
    if not sealed.startswith(_ENVELOPES):
        return packed(id_, sealed), own, False
    signature, origin = signatures.opened(sealed.removeprefix(_REDACTED), own)
    return signature, origin, sealed.startswith(_REDACTED)


def is_foreign(item: Any) -> bool:
    """Whether it is a reasoning item that no provider of this dialect made, or could know again."""
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    sealed, id_ = item.get("encrypted_content"), item.get("id")
    if isinstance(sealed, str) and sealed.startswith(_ENVELOPES):
        return True
    return (isinstance(id_, str) and id_.startswith(FOREIGN)) or not (sealed or id_)
