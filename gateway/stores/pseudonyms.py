"""What stands in the place of a client's own identifiers at a provider: the same for the same, and nothing else to it.

*Failure rule*: without its key nothing is replaced, so the gateway does not start.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

KEY_FILE: Final = "pseudonyms.key"
_KEY_BYTES: Final = 32


class Pseudonyms:
    """Keyed by a secret of the organisation: nobody else can tell whether an identifier and a pseudonym belong
    together, not even by trying every identifier there is."""

    def __init__(self, key: bytes, organisation: str) -> None:
        self._key, self._organisation = key, organisation.encode()

    def __call__(self, identifier: str) -> str:
        """`sc_` and 32 hexadecimal digits: within the limits that every provider sets for such members."""
        said = self._organisation + b"\0" + identifier.encode("utf-8", "surrogatepass")
        return "sc_" + hmac.new(self._key, said, hashlib.sha256).hexdigest()[:32]


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
