"""The header `anthropic-beta`: which of its tokens are known, and which travel.

A beta mostly opens members, tool types and block types, and these are judged where they stand in the body. Known are
those that do nothing else: they neither keep state nor call out by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.core.errors import InvalidRequest

HEADER: Final = "anthropic-beta"
MOST: Final = 20

KNOWN: Final = frozenset(
    # Of the official SDK's list (2.12.0).
    "code-execution-2025-05-22 compact-2026-01-12 compact-2026-09-04 computer-use-2024-10-22 computer-use-2025-01-24 "
    "computer-use-2025-11-24 context-1m-2025-08-07 context-management-2025-06-27 dev-full-thinking-2025-05-14 "
    "extended-cache-ttl-2025-04-11 fast-mode-2026-02-01 files-api-2025-04-14 inline-tools-2026-09-15 "
    "interleaved-thinking-2025-05-14 mcp-client-2025-04-04 mcp-client-2025-11-20 mcp-client-2026-09-15 "
    "mid-conversation-output-config-2026-07-01 mid-conversation-system-clear-at-2026-08-21 "
    "mid-conversation-tool-changes-2026-07-01 model-context-window-exceeded-2025-08-26 output-128k-2025-02-19 "
    "output-300k-2026-03-24 pdfs-2024-09-25 prompt-caching-2024-07-31 skills-2025-10-02 structured-outputs-2025-11-13 "
    "task-budgets-2026-03-13 thinking-binding-controls-2026-08-01 thinking-display-updates-2026-08-18 "
    "thinking-token-count-2026-05-13 token-counting-2024-11-01 token-efficient-tools-2025-02-19 "
    # Of older SDKs, and of agents.
    "adaptive-thinking-2026-01-28 advanced-tool-use-2025-11-20 claude-code-20250219 effort-2025-11-24 "
    "fine-grained-tool-streaming-2025-05-14 prompt-caching-scope-2026-01-05 redact-thinking-2026-02-12 "
    "tool-examples-2025-10-29 tool-search-tool-2025-10-19 web-fetch-2025-09-10 web-search-2025-03-05".split()
)

_OF_THE_KEY: Final = frozenset({"oauth-2025-04-20"})
"""They speak of the client's own credential, which does not travel either."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_DATED: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-\d{4}-\d{2}-\d{2}\Z")
"""The form of a beta's name. What has another is nothing of Anthropic's, and is not repeated."""


def checked(betas: Sequence[str]) -> None:
    """InvalidRequest for more tokens than anybody needs, or for what is no token of a header."""
    if len(betas) > MOST or not all(map(_TOKEN.match, betas)):
        raise InvalidRequest(f"The header {HEADER} may hold up to {MOST} plain names.", header=HEADER)


def unlisted(betas: Iterable[str], harmless: frozenset[str]) -> Iterable[str]:
    """Names of the betas that no table lists."""
    for beta in betas:
        if beta not in KNOWN and beta not in _OF_THE_KEY and beta not in harmless:
            yield f"beta:{beta}" if _DATED.match(beta) else "(a beta whose name is no plain word)"


def forwarded(betas: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The header for a route that policy admitted with all that `unlisted` names; none if nothing is left of it."""
    kept = dict.fromkeys(beta for beta in betas if beta not in _OF_THE_KEY)
    return ((HEADER, ",".join(kept)),) if kept else ()
