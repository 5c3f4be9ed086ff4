"""Seals on thoughts: what a provider signs or encrypts, and expects back as it was, from nobody but itself."""

from __future__ import annotations

import base64

from gateway.sandbox.fields import Wrong


def seal(persona: str) -> str:
    """Base64, as all three languages want it. It seals nothing but the name of its maker."""
    return base64.b64encode(f"sealed by {persona}".encode()).decode()


def accept(sealed: str, persona: str, param: str) -> None:
    """Raises Wrong for a seal of somebody else's."""
    if sealed != seal(persona):
        raise Wrong(400, f"'{param}' was not made by this provider.", param, "invalid_encrypted_content")
