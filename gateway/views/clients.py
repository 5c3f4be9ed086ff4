"""Settings of clients and coding agents, for pages and for docs/clients.md. Placeholders are those of `snippets`."""

from __future__ import annotations

from typing import Final

from gateway.core.errors import Json
from gateway.views.snippets import filled

CLIENTS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "Claude Code",
        "shell",
        """\
export ANTHROPIC_BASE_URL={{origin}}
export ANTHROPIC_AUTH_TOKEN=${{key}}
export ANTHROPIC_MODEL={{model}}
""",
    ),
    (
        "Codex",
        "~/.codex/config.toml",
        """\
model = "{{model}}"
model_provider = "safeconduct"

[model_providers.safeconduct]
name = "Safeconduct"
base_url = "{{origin}}/v1"
env_key = "{{key}}"
wire_api = "responses"
""",
    ),
    (
        "Gemini CLI",
        "shell",
        """\
export GOOGLE_GEMINI_BASE_URL={{origin}}
export GEMINI_API_KEY=${{key}}
gemini -m {{model}}
""",
    ),
    (
        "opencode",
        "opencode.json",
        """\
{
  "provider": {
    "safeconduct": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "Safeconduct",
      "options": {"baseURL": "{{origin}}/v1", "apiKey": "{env:{{key}}}"},
      "models": {"{{model}}": {}}
    }
  }
}
""",
    ),
    (
        "aider",
        "shell",
        """\
export OPENAI_API_BASE={{origin}}/v1
export OPENAI_API_KEY=${{key}}
aider --model openai/{{model}}
""",
    ),
)
"""Name, place and text of the settings of each client."""


def client_settings(origin: str, model: str) -> list[Json]:
    """The settings of each client with this gateway's address and a model."""
    return [{"name": name, "where": where, "text": filled(text, origin, model)} for name, where, text in CLIENTS]
