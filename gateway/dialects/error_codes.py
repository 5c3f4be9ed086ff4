"""Known error codes, statuses and words of providers, each with the scope of its fault. One table per source.

A code means the same wherever it comes from: a test keeps the tables free of contradictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.health import FaultScope

_CREDENTIAL, _ACCOUNT, _NOT_ENABLED = FaultScope.CREDENTIAL, FaultScope.ACCOUNT, FaultScope.NOT_ENABLED
_WITHDRAWN, _RATE, _ROUTE = FaultScope.WITHDRAWN, FaultScope.RATE, FaultScope.ROUTE
_ATTEMPT, _REQUEST = FaultScope.ATTEMPT, FaultScope.REQUEST

TOO_LONG: Final = "context_length_exceeded"


def _table(scopes: Mapping[FaultScope, str]) -> dict[str, FaultScope]:
    return {code: scope for scope, codes in scopes.items() for code in codes.split()}


# https://platform.openai.com/docs/guides/error-codes, `ResponseError.code` of the OpenAPI description, recorded bodies.
OPENAI: Final = _table(
    {
        _CREDENTIAL: "invalid_api_key invalid_authentication account_deactivated key_revoked ip_not_authorized",
        _ACCOUNT: "insufficient_quota billing_not_active billing_hard_limit_reached organization_deactivated "
        "access_terminated unsupported_country_region_territory",
        _NOT_ENABLED: "model_not_available organization_must_be_verified",
        _WITHDRAWN: "model_not_found model_decommissioned model_deprecated",
        _RATE: "rate_limit_exceeded rate_limit_error slow_down",
        _ROUTE: "server_error vector_store_timeout engine_overloaded",
        _ATTEMPT: "previous_response_not_found",
        _REQUEST: f"{TOO_LONG} content_filter content_policy_violation string_above_max_length invalid_image "
        "invalid_image_format invalid_base64_image invalid_image_url image_too_large image_too_small image_parse_error "
        "image_content_policy_violation invalid_image_mode image_file_too_large unsupported_image_media_type "
        "empty_image_file failed_to_download_image image_file_not_found unsupported_parameter unsupported_value "
        "missing_required_parameter unknown_parameter invalid_type invalid_value invalid_prompt array_above_max_length "
        "invalid_function_parameters integer_above_max_value integer_below_min_value invalid_json_schema",
    }
)
# https://docs.anthropic.com/en/api/errors: `error.type`. Without an entry the status or the words decide.
ANTHROPIC: Final = _table(
    {
        _CREDENTIAL: "authentication_error",
        _ACCOUNT: "billing_error",
        _ROUTE: "overloaded_error api_error timeout_error",
        _REQUEST: "request_too_large",
    }
)
# https://cloud.google.com/apis/design/errors, google/api/error_reason.proto: reasons of google.rpc.ErrorInfo.
GOOGLE: Final = _table(
    {
        _CREDENTIAL: "API_KEY_INVALID API_KEY_EXPIRED ACCESS_TOKEN_EXPIRED ACCOUNT_STATE_INVALID CREDENTIALS_MISSING "
        "API_KEY_SERVICE_BLOCKED API_KEY_IP_ADDRESS_BLOCKED API_KEY_HTTP_REFERRER_BLOCKED",
        _ACCOUNT: "SERVICE_DISABLED BILLING_DISABLED CONSUMER_INVALID CONSUMER_SUSPENDED USER_PROJECT_DENIED "
        "LOCATION_POLICY_VIOLATED",
        _NOT_ENABLED: "IAM_PERMISSION_DENIED",
        _RATE: "RATE_LIMIT_EXCEEDED",
    }
)
# Smithy model of bedrock-runtime (botocore 1.43): `x-amzn-errortype`, `__type`, and kinds of exception events.
BEDROCK: Final = _table(
    {
        _CREDENTIAL: "UnrecognizedClientException InvalidSignatureException ExpiredTokenException "
        "IncompleteSignatureException MissingAuthenticationTokenException",
        _ACCOUNT: "ServiceQuotaExceededException",
        _NOT_ENABLED: "AccessDeniedException",
        _WITHDRAWN: "ResourceNotFoundException",
        _RATE: "ThrottlingException throttlingException ModelNotReadyException",
        _ROUTE: "ServiceUnavailableException InternalServerException ModelErrorException ModelStreamErrorException "
        "ModelTimeoutException serviceUnavailableException internalServerException modelStreamErrorException",
    }
)
# https://learn.microsoft.com/azure/ai-services/openai: `error.code`, `innererror.code`.
AZURE: Final = _table(
    {
        _CREDENTIAL: "401 PermissionDenied InvalidAuthenticationToken",
        _RATE: "429 RateLimitReached",
        _ROUTE: "DeploymentNotFound",  # a new deployment answers so for five minutes
        _REQUEST: "ResponsibleAIPolicyViolation",
    }
)
# https://console.groq.com/docs/errors, https://docs.x.ai, https://docs.mistral.ai, https://openrouter.ai/docs/api-reference/errors,
# https://docs.fireworks.ai: codes beyond those of OpenAI.
OTHERS: Final = _table(
    {
        _ACCOUNT: "blocked_api_access insufficient_balance insufficient_credits payment_required",
        _NOT_ENABLED: "model_terms_required model_permission_blocked_org model_permission_blocked_project",
        _WITHDRAWN: "model_not_active invalid_model",
        _RATE: "flex_capacity_exceeded capacity_exceeded service_tier_capacity_exceeded over_capacity",
        _REQUEST: "json_validate_failed tool_use_failed",
    }
)
CODES: Final[Mapping[str, FaultScope]] = {**OPENAI, **ANTHROPIC, **GOOGLE, **BEDROCK, **AZURE, **OTHERS}
"""Code -> scope of the fault. A code of the scope REQUEST tells a client what to change, and is passed on."""

STATUSES: Final[Mapping[int, FaultScope]] = {
    401: _CREDENTIAL,
    402: _ACCOUNT,
    403: _ATTEMPT,  # a flagged prompt, a model or a balance: without a code it says nothing of other requests
    404: _ATTEMPT,  # an object that the request names
    405: _ATTEMPT,
    408: _ROUTE,
    409: _ATTEMPT,
    424: _ROUTE,  # Bedrock: the model failed
    425: _ATTEMPT,
    429: _RATE,
    498: _RATE,  # Groq: no flex capacity; https://console.groq.com/docs/errors
    499: _ATTEMPT,  # Cohere: the provider cancelled
}
"""Status -> scope of a fault without a known code. Other statuses from 400 to 499 speak of the request."""

TYPES: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "overloaded_error": 529,
    "timeout_error": 504,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""Word for the kind of an error inside a stream -> the status that it stands for: of Anthropic, OpenAI and Google."""

WORDS: Final[tuple[tuple[str, FaultScope], ...]] = (
    ("request too large for", _ATTEMPT),  # OpenAI, Groq: this request alone exceeds the tokens of a minute
    ("too large for tokens per minute", _ATTEMPT),
    ("this request requires more credits", _ATTEMPT),  # OpenRouter: a smaller request may be paid for
    ("your chosen model requires moderation", _REQUEST),  # OpenRouter: the prompt was flagged
    ("your credit balance is too low", _ACCOUNT),  # Anthropic, with 400
    ("this organization has been disabled", _ACCOUNT),  # Anthropic, with 400
    ("insufficient balance", _ACCOUNT),  # DeepSeek, with 402
    ("insufficient credits", _ACCOUNT),  # OpenRouter
    ("user location is not supported", _ACCOUNT),  # Google, with 400
    ("this api method requires billing", _ACCOUNT),  # Google
    ("your account is not active", _ACCOUNT),  # OpenAI
    ("your api key was reported as leaked", _CREDENTIAL),  # Google, with 403
    ("invalid api token", _CREDENTIAL),  # Cohere, with 498
    ("invalid x-api-key", _CREDENTIAL),  # Anthropic
    ("context size has been exceeded", _REQUEST),  # llama.cpp and LM Studio, with 500
    ("the request exceeds the available context size", _REQUEST),  # llama.cpp's likes, with 500
    ("requested tokens (", _REQUEST),  # llama-cpp-python, with 500
    ("cannot truncate prompt with n_keep", _REQUEST),  # LM Studio
    ("request not allowed", _ATTEMPT),  # Anthropic, with 403, from places that it does not serve
    ("on-demand throughput isn", _WITHDRAWN),  # Bedrock, with 400: the model needs a profile
    ("invocation of model id", _WITHDRAWN),  # Bedrock, with 400, likewise
    ("the provided model identifier is invalid", _WITHDRAWN),  # Bedrock, with 400
    ("you don't have access to the model", _NOT_ENABLED),  # Bedrock
)
"""Beginning of a message, in lower case -> scope. For providers that state no code of their own."""

WITHDRAWN_WORDS: Final = (
    "model: ",  # Anthropic
    "model '",  # Ollama
    "models/",  # Google
    "publisher model",  # Vertex
    "the model `",  # OpenAI, Groq, vLLM
    "the model '",
    "no endpoints found for",  # OpenRouter
)
"""Beginning of the message of a 404 that speaks of the model, in lower case."""

LENGTH_WORDS: Final = (
    "prompt is too long",  # Anthropic
    "exceeds the maximum number of tokens",  # Google
    "maximum context length",  # OpenAI's older wording, vLLM and its likes
    "exceeds the context",
    "input is too long",  # Bedrock
    "input tokens exceeded",  # Nova
    "maximum prompt length",  # xAI
    "too many tokens:",  # Cohere
    "exceed context limit",  # Anthropic: "input length and `max_tokens` exceed context limit"
    "exceeds the available context",  # llama.cpp
    "context size has been exceeded",  # llama.cpp and LM Studio, in the midst of a reply too
    "exceed context window",  # llama-cpp-python
    "cannot truncate prompt with n_keep",  # LM Studio
    "model's context length is only",  # vLLM
    "loaded with context length",  # LM Studio
    "greater than the context length",  # LM Studio
    "reached context length",  # LM Studio, in the midst of a reply
    "longer than the maximum model length",  # vLLM
    "longer than the model's context length",  # SGLang
    "exceeds the maximum allowed length",  # SGLang
    "exceeds maximum context length",  # Ollama
    "exceeded max context length",  # Ollama
    "`max_new_tokens` must be <=",  # TGI, Together
    "`inputs` must have less than",  # TGI
    "reduce the length of the messages",  # OpenAI's oldest wording, Groq, Cerebras
    "context window exceeds limit",  # MiniMax
    "exceeded model token limit",  # Moonshot
    "prompt exceeds max length",  # Z.ai
    "range of input length should be",  # Qwen
)
"""Anywhere in the message of a refused request: the request is too long."""

LENGTH_CODES: Final = frozenset(
    {
        "exceed_context_size_error",  # llama.cpp, as `type`
        "model_max_prompt_tokens_exceeded",  # GitHub Copilot
        "tokens_limit_reached",  # GitHub Models, with 413
    }
)
"""Codes that mean `TOO_LONG`."""

PARAMETERS: Final = frozenset(
    "model messages input instructions prompt contents content parts role text type name max_tokens "
    "max_completion_tokens max_output_tokens max_tool_calls tools tool_choice tool_calls parallel_tool_calls functions "
    "function function_call parameters strict description arguments id index call_id output response_format "
    "json_schema schema reasoning reasoning_effort effort summary verbosity temperature top_p top_k stop n seed "
    "stop_sequences "
    "presence_penalty frequency_penalty logit_bias logprobs top_logprobs modalities audio voice format prediction "
    "service_tier store metadata user safety_identifier prompt_cache_key prompt_cache_retention web_search_options "
    "stream stream_options include_usage include truncation background previous_response_id conversation system "
    "thinking budget_tokens output_config output_format cache_control ttl container mcp_servers image_url url image "
    "file file_id file_data filename source media_type data detail dimensions encoding_format system_instruction "
    "systemInstruction generation_config generationConfig max_output_tokens maxOutputTokens topP topK candidateCount "
    "candidate_count stopSequences thinkingConfig thinking_config thinkingBudget thinking_budget responseMimeType "
    "response_mime_type responseSchema response_schema responseJsonSchema safetySettings safety_settings toolConfig "
    "tool_config function_declarations functionDeclarations inlineData inline_data mime_type mimeType cachedContent "
    "properties items required enum".split()
)
"""Words of the parameters of the known APIs: a path is passed on where each of its words is one of these."""
