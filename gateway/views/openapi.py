"""`GET /openapi.json`: the API as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.views.api_queries import DeclaredWords, query_parameter
from gateway.views.api_schemas import schema_of, schemas
from gateway.views.limits import MEMBERS

_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_OPENAI: Final = "https://platform.openai.com/docs/api-reference/"
_ANTHROPIC: Final = "https://docs.anthropic.com/en/api/"
_GOOGLE: Final = "https://ai.google.dev/api/"


@frozen
class ApiEndpoint:
    """One endpoint of the gateway itself. `answer`: the name of the schema of its JSON; empty for none. `media`: empty
    for an answer without a body."""

    path: str
    summary: str
    answer: str = ""
    query: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    public: bool = False
    media: str = _JSON


_DAYS: Final = ("since", "until")
_DIMENSIONS: Final = tuple(MEMBERS)
ENDPOINTS: Final = (
    ApiEndpoint("/v1/catalog/models", "Lists every model.", "Catalogue"),
    ApiEndpoint(
        "/v1/catalog/models/{name}",
        "Shows one model with all its routes.",
        "Model",
    ),
    ApiEndpoint("/v1/explain", "Explains the routes of a model.", "Explanation", ("model",), ("model",)),
    ApiEndpoint("/v1/usage", "Sums the key's receipts.", "Usage", ("by", *_DAYS)),
    ApiEndpoint(
        "/v1/receipts",
        "Lists the key's receipts, the newest first.",
        "ReceiptList",
        (
            *("team", "model", "policy", "outcome", "code", "provider", "route", "countries", "key_id"),
            *(*_DAYS, "before", "limit"),
        ),
    ),
    ApiEndpoint("/v1/receipts/{id}", "Shows one receipt of the key.", "Receipt"),
    ApiEndpoint(
        "/v1/receipts/{id}/explained",
        "Explains one receipt of the key in words.",
        "ExplainedReceipt",
    ),
    ApiEndpoint(
        "/v1/places",
        "Counts attempts whose prompt left, by country.",
        "Places",
        ("team", "key_id", "policy", "provider", "model", *_DAYS, "by", "home"),
    ),
    ApiEndpoint(
        "/v1/spend",
        "Sums cost by day and by dimension.",
        "Spend",
        ("team", "key_id", "model", "provider", "route", "policy", *_DAYS, "by", "currency"),
    ),
    ApiEndpoint("/v1/budgets", "Shows the budgets of the key.", "Budgets"),
    ApiEndpoint("/v1/policies", "Lists the declared policies.", "Policies"),
    ApiEndpoint(
        "/v1/policies/draft",
        "Tries a draft of a policy that is in force nowhere.",
        "Draft",
        _DIMENSIONS,
    ),
    ApiEndpoint(
        "/v1/policies/why",
        "Decides a plain request of the key, and explains the decision.",
        "Why",
        (*_DIMENSIONS, "team", "key_id", "class", "model"),
        ("model",),
    ),
    ApiEndpoint("/v1/health", "Shows the state of each provider.", "Health"),
    ApiEndpoint(
        "/v1/key",
        "Shows the standing of the key.",
        "Key",
    ),
    ApiEndpoint("/setup", "Describes the set-up of clients; with a key also its models.", public=True, media=_TEXT),
    ApiEndpoint("/llms.txt", "Lists the addresses of this gateway for agents.", public=True, media=_TEXT),
    ApiEndpoint("/openapi.json", "Describes this API.", "OpenApi", public=True),
    ApiEndpoint("/livez", "Answers while the process lives.", public=True, media=""),
    ApiEndpoint("/readyz", "Answers 200 while requests are admitted.", "Readiness", public=True),
    ApiEndpoint("/", "Answers while the process lives; leads browsers to the pages.", public=True, media=""),
    ApiEndpoint("/api/hello", "Answers while the process lives.", public=True, media=""),
)
COMPATIBLE: Final = (
    ("post", "/v1/chat/completions", f"{_OPENAI}chat/create", "ChatRequest"),
    ("post", "/v1/completions", f"{_OPENAI}completions/create", "CompletionsRequest"),
    ("post", "/v1/responses", f"{_OPENAI}responses/create", "ResponsesRequest"),
    ("post", "/v1/responses/input_tokens", f"{_OPENAI}responses", "TokenCountRequest"),
    ("post", "/v1/embeddings", f"{_OPENAI}embeddings/create", "EmbeddingsRequest"),
    ("post", "/v1/messages", f"{_ANTHROPIC}messages", "MessagesRequest"),
    ("post", "/v1/messages/count_tokens", f"{_ANTHROPIC}messages-count-tokens", "MessagesCountRequest"),
    ("post", "/v1beta/models/{model}:generateContent", f"{_GOOGLE}generate-content", "GoogleRequest"),
    ("post", "/v1beta/models/{model}:streamGenerateContent", f"{_GOOGLE}generate-content", "GoogleRequest"),
    ("post", "/v1beta/models/{model}:countTokens", f"{_GOOGLE}tokens", "GoogleRequest"),
    ("post", "/v1beta/models/{model}:embedContent", f"{_GOOGLE}embeddings", "GoogleEmbedRequest"),
    ("post", "/v1beta/models/{model}:batchEmbedContents", f"{_GOOGLE}embeddings", "GoogleBatchRequest"),
    ("get", "/v1/models", f"{_OPENAI}models/list", ""),
    ("get", "/v1/models/{id}", f"{_OPENAI}models/retrieve", ""),
)
"""Method, path and official reference of each endpoint that the SDKs of a vendor call, and the schema of the least body
that it takes: everything else is in the reference."""


def openapi(origin: str, words: DeclaredWords) -> dict[str, Json]:
    """The document for the gateway at `origin`."""
    paths: dict[str, Json] = {each.path: {"get": _operation(each, words)} for each in ENDPOINTS}
    paths |= {path: {method: _compatible(path, url, body)} for method, path, url, body in COMPATIBLE}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Safeconduct", "version": "1"},
        "servers": [{"url": origin}],
        "security": [{name: []} for name in _KEYS],
        "paths": paths,
        "components": {"securitySchemes": _KEYS, "schemas": schemas()},
    }


def _operation(endpoint: ApiEndpoint, words: DeclaredWords) -> dict[str, Json]:
    answer: dict[str, Json] = {"description": endpoint.summary}
    if endpoint.media:
        schema: Json = {"type": "string"} if endpoint.media == _TEXT else schema_of(endpoint.answer)
        answer["content"] = {endpoint.media: {"schema": schema}}
    query = [query_parameter(endpoint.path, name, name in endpoint.required, words) for name in endpoint.query]
    operation: dict[str, Json] = {
        "summary": endpoint.summary,
        "parameters": [*_in_path(endpoint.path), *query],
        "responses": {"200": answer, **_refusals(endpoint)},
    }
    return {**operation, "security": []} if endpoint.public else operation


def _refusals(endpoint: ApiEndpoint) -> dict[str, Json]:
    if endpoint.path == "/readyz":
        content: Json = {_JSON: {"schema": schema_of("Readiness")}}
        return {"503": {"description": "No request is admitted.", "content": content}}
    if endpoint.path == "/setup":
        return {"401": _REFUSAL, "403": _REFUSAL, "503": _REFUSAL}
    if endpoint.path == "/":
        return {"303": {"description": "Leads a browser to the pages."}}
    if endpoint.public:
        return {}
    return dict.fromkeys(("400", "401", "403", "404", "503"), _REFUSAL)


def _compatible(path: str, url: str, body: str) -> dict[str, Json]:
    """An endpoint whose shapes are those of its official reference."""
    operation: dict[str, Json] = {
        "summary": "Answers as the official API does.",
        "externalDocs": {"url": url},
        "parameters": [*_in_path(path)],
        "responses": {"200": {"description": "The official shape."}, "4XX": _REFUSAL, "5XX": _REFUSAL},
    }
    if body:
        schema: Json = schema_of(body)
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return operation


def _in_path(path: str) -> list[dict[str, Json]]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


_REFUSAL: Final[Mapping[str, Json]] = {
    "description": "A refusal, in the shape of the client's dialect.",
    "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}},
}
_KEYS: Final[Mapping[str, Json]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    **{name: {"type": "apiKey", "in": "header", "name": name} for name in ("x-api-key", "api-key", "x-goog-api-key")},
    "key": {"type": "apiKey", "in": "query", "name": "key"},
}
