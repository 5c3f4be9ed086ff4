"""First steps with the sandbox: an address, a key, and requests to paste."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_MODEL: Final = "sandbox-small"
_ELSEWHERE: Final = "sandbox-us/sandbox-small"
"""The same model, pinned to a provider that the policy below does not admit."""
_STRICTER: Final = "eu-zero-retention"


def first_steps(base: str, secret: str, program: str) -> Iterator[str]:
    """`base` ends in `/v1`; `program` is how this command is called here, with its `--state` where one was given.

    Everything between the first and the last line can be pasted into a shell as it stands.
    """
    yield "In another terminal:"
    yield ""
    yield f"export OPENAI_BASE_URL={base}"
    yield f"export OPENAI_API_KEY={secret}"
    yield ""
    yield "# A request: it goes to the cheapest route that policy admits."
    yield from _curl(_MODEL)
    yield ""
    yield f"# The same, to a provider in the US and under policies/{_STRICTER}.toml: refused, with reasons."
    yield from _curl(_ELSEWHERE, f"x-safeconduct-policy: {_STRICTER}")
    yield ""
    yield "# Where they went, at what cost, and why not elsewhere."
    yield f"{program.format('receipts')} --limit 2"
    yield f"{program.format('explain')} --model {_MODEL} --policy {_STRICTER}"
    yield ""
    yield "Ctrl-C ends it."


def _curl(model: str, *headers: str) -> Iterator[str]:
    yield 'curl -sS "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \\'
    for header in headers:
        yield f'  -H "{header}" \\'
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    yield f"  -H \"Content-Type: application/json\" -d '{body}'; echo"
