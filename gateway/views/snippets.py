"""Snippets that call this gateway, for pages and for docs/clients.md. A key stands in an environment variable.

A placeholder in double braces is replaced: `{{origin}}`, `{{model}}`, `{{key}}` (the name of the variable).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json

KEY_VARIABLE: Final = "LLM_KEY"
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/@+-]{1,200}")

SNIPPETS: Final[Mapping[str, tuple[str, str]]] = {
    "openai-python": (
        "OpenAI, Python",
        """\
import os
from openai import OpenAI

client = OpenAI(base_url="{{origin}}/v1", api_key=os.environ["{{key}}"])
reply = client.chat.completions.create(
    model="{{model}}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(reply.choices[0].message.content)
""",
    ),
    "openai-javascript": (
        "OpenAI, JavaScript",
        """\
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "{{origin}}/v1", apiKey: process.env.{{key}} });
const reply = await client.chat.completions.create({
  model: "{{model}}",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(reply.choices[0].message.content);
""",
    ),
    "anthropic-python": (
        "Anthropic, Python",
        """\
import os
from anthropic import Anthropic

client = Anthropic(base_url="{{origin}}", api_key=os.environ["{{key}}"])
reply = client.messages.create(
    model="{{model}}",
    max_tokens=200,
    messages=[{"role": "user", "content": "Hello"}],
)
print(reply.content[0].text)
""",
    ),
    "anthropic-javascript": (
        "Anthropic, JavaScript",
        """\
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "{{origin}}", apiKey: process.env.{{key}} });
const reply = await client.messages.create({
  model: "{{model}}",
  max_tokens: 200,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(reply.content[0].text);
""",
    ),
    "google-python": (
        "Google, Python",
        """\
import os
from google import genai

client = genai.Client(api_key=os.environ["{{key}}"], http_options={"base_url": "{{origin}}"})
reply = client.models.generate_content(model="{{model}}", contents="Hello")
print(reply.text)
""",
    ),
    "google-javascript": (
        "Google, JavaScript",
        """\
import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ apiKey: process.env.{{key}}, httpOptions: { baseUrl: "{{origin}}" } });
const reply = await client.models.generateContent({ model: "{{model}}", contents: "Hello" });
console.log(reply.text);
""",
    ),
    "curl": (
        "curl",
        """\
curl -sS {{origin}}/v1/chat/completions \\
  -H "Authorization: Bearer ${{key}}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "{{model}}", "messages": [{"role": "user", "content": "Hello"}]}'
""",
    ),
}
"""Name -> title and text, for chat models."""

EMBEDDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "openai-python": (
        "OpenAI, Python",
        """\
import os
from openai import OpenAI

client = OpenAI(base_url="{{origin}}/v1", api_key=os.environ["{{key}}"])
reply = client.embeddings.create(model="{{model}}", input=["Hello"])
print(len(reply.data[0].embedding))
""",
    ),
    "curl": (
        "curl",
        """\
curl -sS {{origin}}/v1/embeddings \\
  -H "Authorization: Bearer ${{key}}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "{{model}}", "input": ["Hello"]}'
""",
    ),
}
_AGENT: Final = """\
Use the LLM gateway at {{origin}} in this repository.
- Its API is OpenAI's, at {{origin}}/v1; Anthropic's SDK takes {{origin}} as its base URL, Google's too.
- The key is in the environment variable {{key}}. Never write the key into a file.
- Use the model {{model}}. GET {{origin}}/v1/models with the key lists every model that the key may use.
- A refusal names its reason in error.code and error.message: 401 the key is unknown, 402 a budget is spent, 403 policy
  admits no route (error.closest names the smallest change; ask a person, do not work around it), 429 wait as stated.
Find every place that calls a model, set address, key and model there, and run one request to check it.
"""


def call_snippets(origin: str, model: str, kind: str) -> list[Json]:
    """The snippets for a model of that kind; none for a model that nothing here calls, or whose id may end a string."""
    offered = {"chat": SNIPPETS, "embedding": EMBEDDINGS}.get(kind, {})
    if _PLAIN.fullmatch(model) is None:
        return []
    return [
        {"name": name, "title": title, "text": filled(text, origin, model)} for name, (title, text) in offered.items()
    ]


def agent_prompt(origin: str, model: str) -> str | None:
    """Words for a coding agent that shall use this gateway; None for a model whose id could hold more than a word."""
    return filled(_AGENT, origin, model) if _PLAIN.fullmatch(model) else None


def filled(text: str, origin: str, model: str, key: str = KEY_VARIABLE) -> str:
    """A template with its placeholders replaced."""
    return text.replace("{{origin}}", origin).replace("{{model}}", model).replace("{{key}}", key)
