"""`GET /openapi.json`: the API as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.views.limits import MEMBERS

_TYPES: Final = {"s": "string", "i": "integer", "b": "boolean", "o": "object", "a": "array"}
_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_OPENAI: Final = "https://platform.openai.com/docs/api-reference/"
_ANTHROPIC: Final = "https://docs.anthropic.com/en/api/"
_GOOGLE: Final = "https://ai.google.dev/api/"


@frozen
class ApiEndpoint:
    """One endpoint of the gateway itself. `members`: those of its answer, as `name:type`, with `?` where null is
    possible; `media`: empty for an answer without a body."""

    path: str
    summary: str
    members: str = ""
    query: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    public: bool = False
    media: str = _JSON


_DAYS: Final = ("since", "until")
_DIMENSIONS: Final = tuple(MEMBERS)
ENDPOINTS: Final = (
    ApiEndpoint("/v1/catalog/models", "Lists every model.", "object:s snapshot:s data:a"),
    ApiEndpoint(
        "/v1/catalog/models/{name}",
        "Shows one model with all its routes.",
        "id:s name:s lab:s kind:s aliases:a abilities:o facts:o benchmarks:a routes:a",
    ),
    ApiEndpoint("/v1/explain", "Explains the routes of a model.", "model:s routes:a", ("model",), ("model",)),
    ApiEndpoint("/v1/usage", "Sums the key's receipts.", "by:a currency:s? data:a", ("by", *_DAYS)),
    ApiEndpoint(
        "/v1/receipts",
        "Lists the key's receipts, the newest first.",
        "filters:o data:a next:s?",
        (
            *("team", "model", "policy", "outcome", "code", "provider", "route", "countries", "key_id"),
            *(*_DAYS, "before", "limit"),
        ),
    ),
    ApiEndpoint("/v1/receipts/{id}", "Shows one receipt of the key.", "id:s began_at:s model:s outcome:s attempts:a"),
    ApiEndpoint(
        "/v1/receipts/{id}/explained",
        "Explains one receipt of the key in words.",
        "id:s sentence:s outcome:o timeline:a decision:o facts:a posture:a record:o",
    ),
    ApiEndpoint(
        "/v1/places",
        "Counts attempts whose prompt left, by country.",
        "filters:o since:s until:s home:o measure:s requests:i failed:i sides:o places:a days:a",
        ("team", "key_id", "policy", "provider", "model", *_DAYS, "by", "home"),
    ),
    ApiEndpoint(
        "/v1/spend",
        "Sums cost by day and by dimension.",
        "filters:o currencies:a by:a currency:s since:s until:s total:s unreported:s requests:i data:a days:a",
        ("team", "key_id", "model", "provider", "route", "policy", *_DAYS, "by", "currency"),
    ),
    ApiEndpoint("/v1/budgets", "Shows the budgets of the key.", "currency:s timezone:s data:a"),
    ApiEndpoint("/v1/policies", "Lists the declared policies.", "snapshot:s data:a"),
    ApiEndpoint(
        "/v1/policies/draft",
        "Tries a draft of a policy that is in force nowhere.",
        "since:s until:s clauses:a routes:i of_routes:i models:i of_models:i connected:i lost:a traffic:o toml:s",
        _DIMENSIONS,
    ),
    ApiEndpoint(
        "/v1/policies/why",
        "Decides a plain request of the key, and explains the decision.",
        "model:s layers:a routes:a closest:a",
        (*_DIMENSIONS, "team", "key_id", "class", "model"),
        ("model",),
    ),
    ApiEndpoint("/v1/health", "Shows the state of each provider.", "providers:a complete:b ending:a"),
    ApiEndpoint(
        "/v1/key",
        "Shows the standing of the key.",
        "id:s kind:s label:s? created_at:s? expires_at:s? team:o organisation:o policies:a bound:o "
        "max_evidence_age_days:i? classes:a default_class:s? limits:a currency:s timezone:s budgets:a",
    ),
    ApiEndpoint("/setup", "Describes the set-up of clients; with a key also its models.", public=True, media=_TEXT),
    ApiEndpoint("/llms.txt", "Lists the addresses of this gateway for agents.", public=True, media=_TEXT),
    ApiEndpoint("/openapi.json", "Describes this API.", "openapi:s info:o paths:o components:o", public=True),
    ApiEndpoint("/livez", "Answers while the process lives.", public=True, media=""),
    ApiEndpoint("/readyz", "Answers 200 while requests are admitted.", "status:s", public=True),
    ApiEndpoint("/", "Answers while the process lives; leads browsers to the pages.", public=True, media=""),
    ApiEndpoint("/api/hello", "Answers while the process lives.", public=True, media=""),
)
COMPATIBLE: Final = (
    ("post", "/v1/chat/completions", f"{_OPENAI}chat/create"),
    ("post", "/v1/responses", f"{_OPENAI}responses/create"),
    ("post", "/v1/responses/input_tokens", f"{_OPENAI}responses"),
    ("post", "/v1/embeddings", f"{_OPENAI}embeddings/create"),
    ("post", "/v1/messages", f"{_ANTHROPIC}messages"),
    ("post", "/v1/messages/count_tokens", f"{_ANTHROPIC}messages-count-tokens"),
    ("post", "/v1beta/models/{model}:generateContent", f"{_GOOGLE}generate-content"),
    ("post", "/v1beta/models/{model}:streamGenerateContent", f"{_GOOGLE}generate-content"),
    ("post", "/v1beta/models/{model}:countTokens", f"{_GOOGLE}tokens"),
    ("post", "/v1beta/models/{model}:embedContent", f"{_GOOGLE}embeddings"),
    ("post", "/v1beta/models/{model}:batchEmbedContents", f"{_GOOGLE}embeddings"),
    ("get", "/v1/models", f"{_OPENAI}models/list"),
    ("get", "/v1/models/{id}", f"{_OPENAI}models/retrieve"),
)
"""Method, path and official reference of each endpoint that the SDKs of a vendor call."""


def openapi(origin: str) -> dict[str, Json]:
    """The document for the gateway at `origin`."""
    paths: dict[str, Json] = {each.path: {"get": _operation(each)} for each in ENDPOINTS}
    paths |= {path: {method: _compatible(path, url)} for method, path, url in COMPATIBLE}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Safeconduct", "version": "1"},
        "servers": [{"url": origin}],
        "security": [{name: []} for name in _KEYS],
        "paths": paths,
        "components": {"securitySchemes": _KEYS, "schemas": _ERRORS},
    }


def _operation(endpoint: ApiEndpoint) -> dict[str, Json]:
    answer: dict[str, Json] = {"description": endpoint.summary}
    if endpoint.media:
        schema: Json = {"type": "string"} if endpoint.media == _TEXT else _object(endpoint.members)
        answer["content"] = {endpoint.media: {"schema": schema}}
    responses: dict[str, Json] = {"200": answer, **_refusals(endpoint)}
    query: list[dict[str, Json]] = [
        {"name": name, "in": "query", "required": name in endpoint.required, "schema": {"type": "string"}}
        for name in endpoint.query
    ]
    operation: dict[str, Json] = {
        "summary": endpoint.summary,
        "parameters": [*_in_path(endpoint.path), *query],
        "responses": responses,
    }
    return {**operation, "security": []} if endpoint.public else operation


def _refusals(endpoint: ApiEndpoint) -> dict[str, Json]:
    if endpoint.path == "/readyz":
        return {"503": {"description": "No request is admitted.", "content": {_JSON: {"schema": _object("status:s")}}}}
    if endpoint.path == "/setup":
        return {"401": _REFUSAL, "403": _REFUSAL, "503": _REFUSAL}
    if endpoint.path == "/":
        return {"303": {"description": "Leads a browser to the pages."}}
    if endpoint.public:
        return {}
    return dict.fromkeys(("400", "401", "403", "404", "503"), _REFUSAL)


def _compatible(path: str, url: str) -> dict[str, Json]:
    return {
        "summary": "Answers as the official API does.",
        "externalDocs": {"url": url},
        "parameters": [*_in_path(path)],
        "responses": {"200": {"description": "The official shape."}, "4XX": _REFUSAL, "5XX": _REFUSAL},
    }


def _in_path(path: str) -> list[dict[str, Json]]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _object(members: str) -> dict[str, Json]:
    """The schema of an object with these members, each of them required."""
    properties: dict[str, Json] = {}
    for member in members.split():
        name, _, kind = member.partition(":")
        word = _TYPES[kind[0]]
        properties[name] = {"type": [word, "null"] if kind.endswith("?") else word}
    return {"type": "object", "required": [*properties], "properties": properties}


_REFUSAL: Final[Mapping[str, Json]] = {
    "description": "A refusal, in the shape of the client's dialect.",
    "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}},
}
_KEYS: Final[Mapping[str, Json]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    **{name: {"type": "apiKey", "in": "header", "name": name} for name in ("x-api-key", "api-key", "x-goog-api-key")},
    "key": {"type": "apiKey", "in": "query", "name": "key"},
}
_ERRORS: Final[Mapping[str, Json]] = {
    "Refusal": {"anyOf": [{"$ref": f"#/components/schemas/{name}Error"} for name in ("OpenAI", "Anthropic", "Google")]},
    "OpenAIError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _object("message:s type:s param:s? code:s")},
    },
    "AnthropicError": {
        "type": "object",
        "required": ["type", "error"],
        "properties": {"type": {"const": "error"}, "error": _object("type:s message:s details:o")},
    },
    "GoogleError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _object("code:i message:s status:s details:a")},
    },
}
