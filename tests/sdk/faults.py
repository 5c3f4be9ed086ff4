"""How each SDK tells its user of a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.sdk.results import Result

_BY_STATUS: Final = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError"}
_ONE_FOR_ALL: Final = {"python-google": "ClientError", "node-google": "ApiError"}
BROKEN: Final[Mapping[str, str]] = {
    "python-openai-chat": "APIError",
    "python-openai-responses": "APIError",
    "python-anthropic": "APIStatusError",
    "python-google": "ServerError",
    "node-openai-chat": "APIError",
    "node-openai-responses": "APIError",
    "node-anthropic": "APIError",
    "node-google": "ApiError",
    "node-ai-openai": "StreamProviderError",
    "node-ai-openai-compatible": "StreamProviderError",
    "node-ai-anthropic": "StreamProviderError",
    "node-ai-google": "StreamProviderError",
}
"""The class for a stream that ends with an error event."""


def class_of(client: str, status: int) -> str:
    """The class for a request that is refused with a status of 4xx."""
    otherwise = "APICallError" if client.startswith("node-ai-") else _BY_STATUS[status]
    return _ONE_FOR_ALL.get(client, otherwise)


def refusal(result: Result) -> tuple[str, int, Any]:
    """The class, the status and the code that the user saw. Fails if the SDK took the answer for a success."""
    assert result.error is not None, "the SDK saw no error"
    return result.error["class"], result.error["status"], result.error["code"]
