"""Of a provider's error only a code is believed, in whichever shape it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.health import FaultScope, RouteFault
from gateway.dialects.error_codes import CODES, WORDS
from gateway.dialects.provider_errors import refusal_fault, reported_fault

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LONG = "context_length_exceeded"
CREDENTIAL = "a code of the scope CREDENTIAL"


def fault(status: int, body: object, *, refers: bool = False, **headers: str) -> RouteFault:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal_fault(status, names, json.dumps(body).encode(), now=NOW, refers=refers)


def google(reason: str = "", message: str = "Invalid.") -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    details: list[Any] = [info, {"@type": "type.googleapis.com/google.rpc.Help"}, "MARKER"]
    return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details}}


SHAPES: dict[str, tuple[Any, str]] = {
    "OpenAI": ({"error": {"message": "MARKER", "type": "invalid_request_error", "param": "x", "code": LONG}}, LONG),
    "OpenAI, nothing of ours": ({"error": {"message": "MARKER", "type": "x", "code": "unheard_of"}}, ""),
    "OpenAI, our key": ({"error": {"message": "MARKER", "code": "invalid_api_key"}}, CREDENTIAL),
    "a code in the type": ({"error": {"message": "MARKER", "type": "content_filter", "code": None}}, "content_filter"),
    "Anthropic": (
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 213 > 200 maximum"},
        },
        LONG,
    ),
    "Anthropic, nothing of ours": (
        {"type": "error", "error": {"type": "invalid_request_error", "message": "MARKER"}},
        "",
    ),
    "Google": (google(message="The input token count (9) exceeds the maximum number of tokens allowed (8)."), LONG),
    "Google, our key": (google("API_KEY_INVALID"), CREDENTIAL),
    "Google, our key is old": (google("API_KEY_EXPIRED"), CREDENTIAL),
    "Google, nothing of ours": (google("MARKER"), ""),
    "Google, a stream without events": ([google("API_KEY_INVALID")], CREDENTIAL),
    "Google, several": ([google("API_KEY_INVALID"), google()], ""),
    "Bedrock": ({"message": "Input is too long for requested model."}, LONG),
    "Bedrock, nothing of ours": ({"message": "MARKER"}, ""),
    "Mistral": ({"detail": "Unauthorized MARKER"}, ""),
    "Mistral, too long": ({"detail": "Prompt contains 9 tokens, which exceeds the context window of 8."}, LONG),
    "FastAPI": ({"detail": [{"loc": ["body", "x"], "msg": "MARKER", "type": "missing"}]}, ""),
    "Cohere": ({"id": "1", "message": "MARKER"}, ""),
    "Cohere, with a type": (
        {"id": "1", "message": "MARKER", "error_type": "x", "code": "invalid_value"},
        "invalid_value",
    ),
    "xAI": (
        {"code": "invalid-argument", "error": "This model's maximum prompt length is 8 but the request has 9."},
        LONG,
    ),
    "xAI, nothing of ours": ({"code": "invalid-argument", "error": "MARKER"}, ""),
    "vLLM": ({"object": "error", "message": "This model's maximum context length is 8 tokens.", "code": 400}, LONG),
    "Ollama": ({"error": "MARKER"}, ""),
    "Ollama, too long": ({"error": "the prompt exceeds the context length"}, LONG),
    "OpenRouter": ({"error": {"code": 400, "message": "MARKER", "metadata": {"raw": "MARKER"}}}, ""),
    "Azure": ({"error": {"code": "400", "message": "MARKER"}}, ""),
    "no object": ("MARKER", ""),
    "an empty list": ([], ""),
    "nothing": (None, ""),
    "an error that is a list": ({"error": ["MARKER"]}, ""),
    "details of another kind": ({"error": {"details": {"reason": "API_KEY_INVALID"}}}, ""),
    "a message of another kind": ({"message": ["prompt is too long"]}, ""),
}


TOO_LONG: dict[str, tuple[int, Any]] = {
    "Anthropic, with the answer": (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, "
                "decrease input length or `max_tokens` and try again",
            },
        },
    ),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 5000,
                "n_ctx": 4096,
            }
        },
    ),
    "llama.cpp, before its type": (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "invalid_request_error",
            }
        },
    ),
    "LM Studio": (
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
            "with context length of only 4096 tokens, which is not enough."
        },
    ),
    "LM Studio, today": (
        400,
        {"error": "The number of tokens to keep from the initial prompt is greater than the context length."},
    ),
    "llama.cpp, with a status of its own failures": (
        500,
        {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}},
    ),
    "llama.cpp, a failure with its type": (
        500,
        {"error": {"code": 500, "message": "the request", "type": "exceed_context_size_error"}},
    ),
    "llama-cpp-python": (
        500,
        {
            "error": {
                "message": "Requested tokens (2285) exceed context window of 2048",
                "type": "internal_server_error",
                "param": None,
                "code": None,
            }
        },
    ),
    "LM Studio, tokens to keep": (
        400,
        {"error": {"message": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}},
    ),
    "LM Studio, in the midst of a reply": (400, {"error": {"message": "Context size has been exceeded."}}),
    "SGLang, with the answer": (
        400,
        {
            "object": "error",
            "message": "Requested token count exceeds the model's maximum context length of 202752 tokens.",
            "code": 400,
        },
    ),
    "vLLM, with the answer": (
        400,
        {
            "error": {
                "message": "You passed 9 input tokens and requested 8 output tokens. However, the model's context "
                "length is only 16 tokens.",
                "type": "BadRequestError",
                "code": 400,
            }
        },
    ),
    "vLLM": (
        400,
        {
            "error": {
                "message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            }
        },
    ),
    "SGLang": (
        400,
        {
            "object": "error",
            "message": "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "SGLang, of a batch": (
        400,
        {"message": "Input length (5000 tokens) exceeds the maximum allowed length (4090 tokens)."},
    ),
    "Ollama": (400, {"error": "prompt too long; exceeded max context length by 904 tokens"}),
    "Ollama, embeddings": (400, {"error": "input length exceeds maximum context length"}),
    "TGI": (
        422,
        {
            "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` "
            "tokens and 1000 `max_new_tokens`",
            "error_type": "validation",
        },
    ),
    "TGI, the input alone": (
        422,
        {"error": "Input validation error: `inputs` must have less than 1024 tokens. Given: 5000"},
    ),
    "Groq": (400, {"error": {"message": "Please reduce the length of the messages or completion."}}),
    "MiniMax": (400, {"error": {"message": "invalid params, context window exceeds limit (2013)"}}),
    "Moonshot": (400, {"error": {"message": "Invalid request: Your request exceeded model token limit: 8192"}}),
    "Z.ai": (400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}),
    "Qwen": (400, {"error": {"message": "Range of input length should be [1, 129024]"}}),
    "Copilot": (400, {"error": {"message": "MARKER", "code": "model_max_prompt_tokens_exceeded"}}),
    "GitHub": (413, {"error": {"message": "MARKER", "code": "tokens_limit_reached"}}),
}


@pytest.mark.parametrize(("status", "body"), TOO_LONG.values(), ids=TOO_LONG)
def test_a_prompt_that_is_too_long_is_known_in_the_words_of_every_server(status: int, body: dict[str, Any]) -> None:
    refused = fault(status, body)
    assert (refused.scope, refused.code) == (FaultScope.REQUEST, LONG)


@pytest.mark.parametrize(
    "body", [{"error": body.get("error", body)} for _, body in TOO_LONG.values()], ids=list(TOO_LONG)
)
def test_it_is_known_inside_a_stream_too(body: dict[str, Any]) -> None:
    reported = reported_fault(json.dumps(body).encode(), now=NOW)
    assert reported is not None
    assert (reported.scope, reported.code) == (FaultScope.REQUEST, LONG)


def test_a_failure_that_repeats_the_words_of_a_caller_stays_a_failure_of_the_route() -> None:
    body = {"error": {"code": 500, "message": "Cannot parse 'context size has been exceeded'", "type": "server_error"}}
    assert fault(500, body).scope is FaultScope.ROUTE
    reported = reported_fault(json.dumps(body).encode(), now=NOW)
    assert reported is not None
    assert reported.scope is FaultScope.ROUTE


@pytest.mark.parametrize(("body", "code"), SHAPES.values(), ids=SHAPES.keys())
def test_recorded_shapes(body: object, code: str) -> None:
    found = fault(400, body)
    if code == CREDENTIAL:
        assert found.scope is FaultScope.CREDENTIAL
    else:
        assert (found.scope, found.code) == (FaultScope.REQUEST, code)


@pytest.mark.parametrize("body", [b"", b"<html>MARKER</html>", b"\xff", b"{", b'{"error":'])
def test_a_body_that_is_no_json_leaves_the_status_to_decide(body: bytes) -> None:
    assert refusal_fault(400, {}, body, now=NOW, refers=False) == RouteFault(FaultScope.REQUEST, 400)
    assert reported_fault(body, now=NOW) is None


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_code_counts_for_more_than_a_status(code: str, status: int) -> None:
    assert fault(status, {"error": {"code": code}}).scope is CODES[code]


@pytest.mark.parametrize(
    ("status", "scope"), [(401, FaultScope.CREDENTIAL), (402, FaultScope.ACCOUNT), (429, FaultScope.RATE)]
)
def test_a_status_that_speaks_of_the_gateway_counts_for_more_than_a_code_of_the_request(
    status: int, scope: FaultScope
) -> None:
    assert fault(status, {"error": {"code": "invalid_value"}}).scope is scope


def test_a_refused_key_is_for_the_operator_to_mend_whatever_else_is_said() -> None:
    body = {"error": {"code": "invalid_value", "type": "invalid_api_key"}}
    assert fault(400, body).scope is FaultScope.CREDENTIAL


def test_a_code_counts_for_more_than_words() -> None:
    assert fault(400, {"error": {"code": "invalid_value", "message": "prompt is too long"}}).code == "invalid_value"


PROVIDERS: list[tuple[int, Any, FaultScope]] = [
    (400, {"type": "error", "error": {"type": "x", "message": "Your credit balance is too low."}}, FaultScope.ACCOUNT),
    (400, google(message="User location is not supported for the API use."), FaultScope.ACCOUNT),
    (400, google("BILLING_DISABLED"), FaultScope.ACCOUNT),
    (400, {"message": "The provided model identifier is invalid."}, FaultScope.WITHDRAWN),
    (400, {"message": "Invocation of model ID x with on-demand throughput isn't supported."}, FaultScope.WITHDRAWN),
    (402, {"error": {"message": "Insufficient Balance"}}, FaultScope.ACCOUNT),
    (402, {"error": {"message": "This request requires more credits, or fewer max_tokens."}}, FaultScope.ATTEMPT),
    (403, {"error": {"code": 403, "message": "Your chosen model requires moderation"}}, FaultScope.REQUEST),
    (403, {"error": {"code": 403, "message": "MARKER", "status": "PERMISSION_DENIED"}}, FaultScope.ATTEMPT),
    (403, {"error": {"message": "Your API key was reported as leaked."}}, FaultScope.CREDENTIAL),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, FaultScope.WITHDRAWN),
    (404, google(message="models/x is not found for API version v1beta"), FaultScope.WITHDRAWN),
    (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, FaultScope.WITHDRAWN),
    (404, {"error": "model 'x' not found"}, FaultScope.WITHDRAWN),
    (404, {"error": {"code": "DeploymentNotFound"}}, FaultScope.ROUTE),
    (404, {}, FaultScope.ROUTE),
    (413, {"error": {"code": "rate_limit_exceeded", "type": "tokens"}}, FaultScope.ATTEMPT),
    (413, {"type": "error", "error": {"type": "request_too_large"}}, FaultScope.REQUEST),
    (424, {"message": "MARKER"}, FaultScope.ROUTE),
    (
        429,
        {"error": {"message": "Request too large for x on tokens per min", "code": "rate_limit_exceeded"}},
        FaultScope.ATTEMPT,
    ),
    (429, {"error": {"code": "insufficient_quota"}}, FaultScope.ACCOUNT),
    (429, {}, FaultScope.RATE),
    (498, {"error": {"message": "flex capacity exceeded"}}, FaultScope.RATE),
    (498, {"message": "invalid api token"}, FaultScope.CREDENTIAL),
    (500, {"error": {"code": "invalid_api_key"}}, FaultScope.ROUTE),
    (529, {"type": "error", "error": {"type": "overloaded_error"}}, FaultScope.ROUTE),
]


@pytest.mark.parametrize(("status", "body", "scope"), PROVIDERS)
def test_the_scope_of_each_providers_faults(status: int, body: object, scope: FaultScope) -> None:
    assert fault(status, body).scope is scope


def test_a_404_of_a_request_that_names_an_object_says_nothing_of_the_route() -> None:
    assert fault(404, {}, refers=True).scope is FaultScope.ATTEMPT
    assert fault(404, {"error": {"code": "model_not_found"}}, refers=True).scope is FaultScope.WITHDRAWN


@pytest.mark.parametrize("words", [begin for begin, _ in WORDS if begin])
def test_words_that_a_provider_repeats_from_a_caller_are_not_believed(words: str) -> None:
    assert fault(400, {"error": {"message": f"Invalid value: '{words}'"}}).scope is FaultScope.REQUEST
    assert fault(404, {"error": {"message": f"No file {words}"}}, refers=True).scope is FaultScope.ATTEMPT


def test_the_kind_that_aws_states_in_a_header_or_in_the_body() -> None:
    assert (
        fault(403, {"message": "M"}, x_amzn_errortype="AccessDeniedException:http://x").scope is FaultScope.NOT_ENABLED
    )
    assert fault(400, {"__type": "com.amazon#ServiceQuotaExceededException"}).scope is FaultScope.ACCOUNT
    assert fault(403, {"message": "M"}, x_amzn_errortype="ExpiredTokenException").scope is FaultScope.CREDENTIAL


def test_a_quota_of_the_day_is_left_alone_for_an_hour_unless_a_time_is_stated() -> None:
    failure = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    assert fault(429, {"error": {"details": [failure]}}).retry_after_s == 3600
    assert fault(429, {"error": {"details": [failure, {"retryDelay": "9s"}]}}).retry_after_s == 9
    assert fault(429, {"error": {"details": [{"violations": [{"quotaId": "PerMinute"}]}]}}).retry_after_s is None


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"param": "messages[0].content"}, "messages[0].content"),
        ({"param": "max_tokens"}, "max_tokens"),
        ({"param": "messages[0].MARKER"}, ""),
        ({"param": "MARKER said"}, ""),
        ({"param": ["messages"]}, ""),
        ({"param": ""}, ""),
        (
            {"details": [{"fieldViolations": [{"field": "generation_config.temperature"}]}]},
            "generation_config.temperature",
        ),
        ({"details": [{"fieldViolations": [{"field": "MARKER"}]}]}, ""),
    ],
)
def test_a_parameter_is_passed_on_where_every_word_of_it_is_known(error: dict[str, Any], param: str) -> None:
    assert fault(400, {"error": error}).param == param


def test_the_place_that_a_validator_names() -> None:
    assert (
        fault(422, {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "MARKER"}]}).param == "messages.0.role"
    )


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "M"}}, FaultScope.ROUTE),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "M"}}, FaultScope.REQUEST),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "M"}}, FaultScope.RATE),
        ({"type": "error", "code": "content_filter", "message": "M"}, FaultScope.REQUEST),
        ({"error": {"message": "M", "code": "content_filter"}}, FaultScope.REQUEST),
        ({"error": {"message": "M", "code": 429}}, FaultScope.RATE),
        ({"error": {"message": "M", "code": 502}}, FaultScope.ROUTE),
        ({"error": {"code": 503, "status": "UNAVAILABLE"}}, FaultScope.ROUTE),
        ({"error": {"status": "INVALID_ARGUMENT"}}, FaultScope.REQUEST),
        ({"type": "response.failed", "response": {"error": {"code": "invalid_prompt"}}}, FaultScope.REQUEST),
        ({"type": "response.failed", "response": {"error": {"code": "server_error"}}}, FaultScope.ROUTE),
        ({"error": {"message": "M"}}, FaultScope.ROUTE),
        ({"error": "M"}, FaultScope.ROUTE),
    ],
)
def test_the_scope_of_an_error_inside_a_reply(body: object, scope: FaultScope) -> None:
    found = reported_fault(json.dumps(body).encode(), now=NOW)
    assert found is not None
    assert found.scope is scope


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"error": None}, [], "x", {"response": {"error": None}}])
def test_a_reply_without_an_error_reports_none(body: object) -> None:
    assert reported_fault(json.dumps(body).encode(), now=NOW) is None


NAMES = [
    "error",
    "message",
    "detail",
    "code",
    "type",
    "details",
    "reason",
    "id",
    "param",
    "response",
    "loc",
    "metadata",
]
TEXTS = st.sampled_from(["MARKER", "prompt is too long", "invalid_value", "API_KEY_INVALID", "", "messages[0].MARKER"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.sampled_from([400, 403, 404, 429, 500]))
def test_no_word_of_a_provider_ever_comes_through(body: object, status: int) -> None:
    found = [fault(status, body), reported_fault(json.dumps(body).encode(), now=NOW)]
    for each in found:
        if each is not None:
            assert each.code in {*CODES, ""}
            assert "MARKER" not in each.param
