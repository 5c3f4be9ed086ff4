"""A bundled provider on loopback, for first contact and tests: providers of different temperaments and languages.

Rules of this room: no connection is opened here; a reply follows from a request's shape and never repeats its words;
nothing is logged or kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

DOCUMENTS: Final = Path(__file__).resolve().parent / "documents"
"""Its catalogue and models, loaded beside `config/` while the sandbox is switched on."""

MODEL: Final = "sandbox-small"

STAND_IN: Final = "magistral-small"
"""A model of the catalogue that three of its providers offer too, answered as `MODEL`."""

EMBEDDER: Final = "sandbox-embed"

PERSONAS: Final = ("sandbox-se", "sandbox-ie", "sandbox-fr", "sandbox-us", "sandbox-slow", "sandbox-flaky")
"""The provider ids, each served under a path of its own, in every wire language."""
