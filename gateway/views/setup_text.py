"""`/setup` and `/llms.txt`: plain text that a coding agent or a person follows to use this gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.core.frozen import frozen
from gateway.dialects.registry import REGISTRY
from gateway.views.clients import CLIENTS
from gateway.views.offers import ModelOffer
from gateway.views.snippets import KEY_VARIABLE, SNIPPETS, filled

_EXAMPLE: Final = "MODEL"
_REFUSALS: Final = (
    ("401 unknown_key", "The key is missing, wrong, revoked or expired. Ask the person who gave it to you."),
    ("402 budget_exceeded", "A budget is used up; the error says when it resets. Lower the output limit, or wait."),
    ("403 no_eligible_route", "Policy admits no route. The error lists the reasons, and models that comply."),
    ("403 not_allowed", "Leave out the feature that the error names, or state a data class that this key may state."),
    ("404 model_not_found", "Use a name of GET /v1/models. The error lists near ones."),
    ("429 rate_limited", "Wait for `retry-after` seconds. Official SDKs do so by themselves."),
    ("400 unsupported", "No route of the model can do it at all: use another model, or request less."),
    ("502, 503, 504", "Try again later; `x-should-retry` says whether the same request can succeed."),
)


@frozen
class SetupReader:
    """The reader of `/setup` whose key is known. `offers`: the models that the key may use now; `policies`: the names
    of those in force for it."""

    offers: tuple[ModelOffer, ...]
    policies: tuple[str, ...]


def setup_text(origin: str, reader: SetupReader | None) -> str:
    """The text for the gateway at `origin`. `reader`: None without a key; then no model is listed."""
    chat = next((each.name for each in reader.offers if each.model.kind == "chat"), "") if reader else ""
    model = chat or _EXAMPLE
    parts = [
        _head(origin),
        *([_models(reader)] if reader else [_unknown_reader(origin)]),
        _libraries(origin, model),
        _agents(origin, model),
        _refusals(),
        _narrowing(),
    ]
    return "\n\n".join(parts) + "\n"


def llms_text(origin: str) -> str:
    """An index in the form of https://llmstxt.org, for a reader that begins at `/llms.txt`."""
    listed = [
        ("Setup", "/setup", "how to use this gateway; with a key it lists the models of that key"),
        ("Models", "/v1/models", "models that the key may use now, with price and treatment of content"),
        ("Key", "/v1/key", "limits, budgets left, policies and end of the key"),
        ("Explain", "/v1/explain?model=MODEL", "why a route may or may not serve a model"),
        ("OpenAPI", "/openapi.json", "every endpoint, as an OpenAPI document"),
    ]
    return "\n".join(
        [
            "# Safeconduct",
            "",
            "> A gateway to LLM providers: a request goes only where policy allows, its cost is metered, and no word",
            "> of it is kept. It speaks the APIs of OpenAI, Anthropic and Google.",
            "",
            "## Endpoints",
            "",
            *(f"- [{name}]({origin}{path}): {words}" for name, path, words in listed),
            "",
        ]
    )


def _head(origin: str) -> str:
    return (
        "# Set up a client of this gateway\n\n"
        f"Address: {origin}\n"
        f"Key: read it from the environment variable {KEY_VARIABLE}, and send it as `Authorization: Bearer`, "
        "`x-api-key` or `x-goog-api-key`. Never write a key into a file or an address.\n"
        "Change the address and the key of the client, nothing else. Every model answers in each of these APIs:\n\n"
        + "\n".join(f"- {path} ({dialect})" for dialect, path in _paths())
    )


def _paths() -> Iterator[tuple[str, str]]:
    for path, (dialect, operation) in REGISTRY.paths.items():
        if operation.charged:
            yield dialect.NAME, f"POST /v1{path}"
    for verb, (dialect, meaning) in REGISTRY.verbs.items():
        if meaning.operation.charged:
            yield dialect.NAME, f"POST /v1beta/models/MODEL:{verb}"


def _unknown_reader(origin: str) -> str:
    command = f'curl -sS {origin}/setup -H "Authorization: Bearer ${KEY_VARIABLE}"'
    return f"## Models\n\nSend the key, and this text lists the models that it may use:\n\n    {command}"


def _models(reader: SetupReader) -> str:
    names = [each for each in reader.offers if each.name == each.model.id]
    lines = [f"- {each.name}: {each.model.name}, {each.model.lab}, {each.model.kind}" for each in names]
    listed = "\n".join(lines) or "- none: policy or missing credentials leave no route; ask the operator"
    return (
        f"## Models of this key\n\nPolicies in force: {', '.join(reader.policies)}.\n\n{listed}\n\n"
        "A name may be pinned to a provider (`provider/model`): GET /v1/models lists those too."
    )


def _libraries(origin: str, model: str) -> str:
    blocks = [f"### {name}\n\n{_indented(filled(text, origin, model))}" for name, text in SNIPPETS.values()]
    return "## Libraries\n\n" + "\n\n".join(blocks)


def _agents(origin: str, model: str) -> str:
    blocks = [f"### {name}\n\nIn {place}:\n\n{_indented(filled(text, origin, model))}" for name, place, text in CLIENTS]
    return "## Coding agents\n\n" + "\n\n".join(blocks)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.rstrip().split("\n"))


def _refusals() -> str:
    listed = "\n".join(f"- {code}: {words}" for code, words in _REFUSALS)
    return (
        "## Refusals\n\nAn error has the shape of the client's API, with the code in `error.code` (OpenAI), "
        f"`error.details.error_code` (Anthropic) or `error.details[].reason` (Google).\n\n{listed}"
    )


def _narrowing() -> str:
    return (
        "## Stricter than the policies in force\n\n"
        "Send the header `x-safeconduct-policy` with the name of a policy, or with a JSON object such as "
        '`{"processed_in": ["EU"], "zdr": true}`. The header `x-data-class` states the class of the data. Every reply '
        "names its receipt in `x-safeconduct-receipt`: GET /v1/receipts/{id}/explained shows where the request went."
    )
