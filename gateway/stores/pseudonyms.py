"""Pseudonyms of end users: a provider sees one instead of a client's own identifier, always the same one.

On failure: the gateway does not start without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

KEY_FILE: Final = "pseudonyms.key"
_KEY_BYTES: Final = 32


class Pseudonyms:
    """Pseudonyms under a secret key. Without the key, an identifier and its pseudonym cannot be matched, not even by
    trying every identifier."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, organisation: str, team: str = "") -> Callable[[str], str]:
        """The pseudonyms of one team, or of a whole organisation whose teams share them: identifier -> `sc_` and 32
        hexadecimal digits, which every provider accepts."""
        whose = f"\1{organisation}\0{team}" if team else organisation
        return partial(self._pseudonym, whose.encode())

    def _pseudonym(self, whose: bytes, identifier: str) -> str:
        message = whose + b"\0" + identifier.encode("utf-8", "surrogatepass")
        return "sc_" + hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]


def key_in(state: Path) -> bytes:
    """The key kept in the state directory, made at first use and readable by its owner alone.

    Gateways of one organisation share it by sharing the file. OSError, also for a file that holds no key.
    """
    path = state / KEY_FILE
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_bytes()
        if len(kept) != _KEY_BYTES:
            raise OSError(f"{KEY_FILE} in the state directory holds no key; remove it, and a new one is made") from None
        return kept
    with os.fdopen(made, "wb") as file:
        key = secrets.token_bytes(_KEY_BYTES)
        file.write(key)
        os.fsync(file.fileno())
    return key
