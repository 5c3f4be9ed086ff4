"""What a newcomer reads when the sandbox is up: an address, a key, and requests to paste."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SERVED: Final = '{"model": "sandbox-small", "messages": [{"role": "user", "content": "Say hello"}]}'
REFUSED: Final = '{"model": "sandbox-us/sandbox-small", "messages": [{"role": "user", "content": "Say hello"}]}'
"""The same, pinned to a provider that the policy below does not admit."""
STRICTER: Final = "eu-zero-retention"


def first_steps(base: str, secret: str, program: str) -> Iterator[str]:
    """`base` ends in `/v1`; `program` is how this command is called here."""
    yield ""
    yield f"Safeconduct serves {base}, with a sandbox in place of real providers."
    yield ""
    yield f"export OPENAI_BASE_URL={base}"
    yield f"export OPENAI_API_KEY={secret}"
    yield ""
    yield "In another terminal, a request that is answered:"
    yield ""
    yield from _curl(base, secret, SERVED)
    yield ""
    yield f"The same to a provider in the US, under a stricter policy ({STRICTER}): refused, with the reasons."
    yield ""
    yield from _curl(base, secret, REFUSED, f"x-safeconduct-policy: {STRICTER}")
    yield ""
    yield "What happened, and why (x-safeconduct-receipt in each reply is the id of its receipt):"
    yield ""
    yield f"  {program} receipts --limit 2"
    yield f"  {program} explain --model sandbox-small --policy {STRICTER}"
    yield ""
    yield "Ctrl-C ends it."
    yield ""


def _curl(base: str, secret: str, body: str, *headers: str) -> Iterator[str]:
    yield f"curl -i {base}/chat/completions \\"
    for header in (f"authorization: Bearer {secret}", "content-type: application/json", *headers):
        yield f"  -H '{header}' \\"
    yield f"  -d '{body}'"
