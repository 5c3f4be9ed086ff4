"""Coding agents, as `safeconduct launch` starts each.

Read from the agents themselves on 2026-12-01: Claude Code 2.1, Codex 0.169, Gemini CLI 0.61, opencode 1.18, aider 0.86.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gateway.views.agent_launch import AgentLaunch, LaunchPart
from gateway.views.snippets import KEY_VARIABLE

_POLICY_HEADER: Final = "x-safeconduct-policy"
_POLICY_VARIABLE: Final = "LLM_POLICY"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


CLAUDE: Final = AgentLaunch(
    name="Claude Code",
    program="claude",
    key_variables=("ANTHROPIC_AUTH_TOKEN",),
    always=LaunchPart(
        {"ANTHROPIC_BASE_URL": "{{origin}}", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    ),
    model=LaunchPart(
        {
            "ANTHROPIC_MODEL": "{{model}}",
            "ANTHROPIC_SMALL_FAST_MODEL": "{{model}}",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": "{{model}}",
        },
    ),
    policy=LaunchPart({"ANTHROPIC_CUSTOM_HEADERS": f"{_POLICY_HEADER}: {{{{policy}}}}"}),
    cleared=("ANTHROPIC_API_KEY", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
)

CODEX: Final = AgentLaunch(
    name="Codex",
    program="codex",
    key_variables=(KEY_VARIABLE,),
    always=LaunchPart(
        arguments=(
            *("-c", 'model_provider="safeconduct"'),
            *("-c", 'model_providers.safeconduct.name="Safeconduct"'),
            *("-c", 'model_providers.safeconduct.base_url="{{origin}}/v1"'),
            *("-c", f'model_providers.safeconduct.env_key="{KEY_VARIABLE}"'),
            *("-c", 'model_providers.safeconduct.wire_api="responses"'),
        ),
    ),
    model=LaunchPart(arguments=("-c", 'model="{{model}}"')),
    policy=LaunchPart(
        arguments=("-c", f'model_providers.safeconduct.http_headers={{"{_POLICY_HEADER}"="{{{{policy}}}}"}}'),
    ),
    file="~/.codex/config.toml",
)

_GEMINI_SIGN_IN: Final = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
GEMINI: Final = AgentLaunch(
    name="Gemini CLI",
    program="gemini",
    key_variables=("GEMINI_API_KEY",),
    always=LaunchPart(
        {"GOOGLE_GEMINI_BASE_URL": "{{origin}}", "GEMINI_CLI_HOME": "{{directory}}", "TMPDIR": "{{directory}}"},
        files={
            ".gemini/settings.json": _json({**_GEMINI_SIGN_IN, "privacy": {"usageStatisticsEnabled": False}}),
        },
    ),
    model=LaunchPart({"GEMINI_MODEL": "{{model}}"}),
    policy=LaunchPart({"GEMINI_CLI_CUSTOM_HEADERS": f"{_POLICY_HEADER}: {{{{policy}}}}"}),
    cleared=("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI"),
)


def _opencode(**options: object) -> dict[str, object]:
    """The provider in the form of opencode's configuration. `options`: more of them."""
    return {
        "safeconduct": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Safeconduct",
            "options": {"baseURL": "{{origin}}/v1", "apiKey": f"{{env:{KEY_VARIABLE}}}", **options},
            "models": {"{{model}}": {}},
        }
    }


OPENCODE: Final = AgentLaunch(
    name="opencode",
    program="opencode",
    key_variables=(KEY_VARIABLE,),
    always=LaunchPart(),
    model=LaunchPart(
        {
            "OPENCODE_CONFIG_CONTENT": json.dumps(
                {
                    "provider": _opencode(headers={_POLICY_HEADER: f"{{env:{_POLICY_VARIABLE}}}"}),
                    "model": "safeconduct/{{model}}",
                    "small_model": "safeconduct/{{model}}",
                    "enabled_providers": ["safeconduct"],
                    "share": "disabled",
                    "autoupdate": False,
                }
            )
        },
    ),
    policy=LaunchPart({_POLICY_VARIABLE: "{{policy}}"}),
    cleared=(_POLICY_VARIABLE,),
    needs_model=True,
    file="opencode.json",
)

AIDER: Final = AgentLaunch(
    name="aider",
    program="aider",
    key_variables=("OPENAI_API_KEY", "AIDER_OPENAI_API_KEY"),
    always=LaunchPart(
        {"OPENAI_API_BASE": "{{origin}}/v1", "AIDER_ANALYTICS": "false"},
        arguments=("--openai-api-base", "{{origin}}/v1"),
    ),
    model=LaunchPart(
        arguments=("--model", "openai/{{model}}", "--weak-model", "openai/{{model}}"),
    ),
    policy=LaunchPart(
        {"AIDER_MODEL_SETTINGS_FILE": "{{directory}}/model-settings.yml"},
        files={
            "model-settings.yml": _json(
                [
                    {
                        "name": "aider/extra_params",
                        "extra_params": {"extra_headers": {_POLICY_HEADER: "{{policy}}"}},
                    }
                ]
            )
        },
    ),
    needs_model=True,
)

AGENTS: Final[Mapping[str, AgentLaunch]] = {
    "claude": CLAUDE,
    "codex": CODEX,
    "gemini": GEMINI,
    "opencode": OPENCODE,
    "aider": AIDER,
}
