"""Every way an exchange can end without a reply.

    Ended                     the exchange has no reply; carries objects, never content
    |- Refused                ours: nothing reached a provider
    |  |- Unauthenticated       401 unknown_key
    |  |- InvalidRequest        400 invalid_request, 405, 408, 413, 415, 426: `Malformed` says which
    |  |- Unsupported           400 unsupported: no route of this model can do it at all
    |  |- KeptStateRefused      400: the request rests on what a provider keeps; the its SDK recovers by the code
    |  |- ModelNotFound         404 model_not_found
    |  |- NotFound              404 not_found
    |  |- NoEligibleRoute       403 no_eligible_route, with every candidate's reasons
    |  |- NotAllowed            403 not_allowed: a feature, data class or endpoint this key may not use
    |  |- BudgetExceeded        402 budget_exceeded
    |  |- IdempotencyConflict   409 idempotency_conflict
    |  |- RateLimited           429 rate_limited
    |  `- Unavailable           503 books_unavailable, keys_unavailable, draining, overloaded
    |- UpstreamEnded          theirs: every planned route was tried
    |  |- UpstreamFailed        502 upstream_failed
    |  |- UpstreamTimeout       504 upstream_timeout
    |  |- RoutesUnavailable     503 routes_unavailable: the eligible routes are cooling down
    |  |- UpstreamLimited       429 rate_limited: providers limit the rate of every route that is left
    |  |- PromptTooLong         context_length_exceeded: the provider's own 4xx, its status kept
    |  `- UpstreamRefused       upstream_refused: likewise
    |- ClientLeft             the client went away; nobody is there to answer
    `- InternalError          500 internal_error, with the receipt's id

A dialect turns each into bytes; `details` gives the members of the error object beside its message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, TypeAlias

from gateway.core.limits import Standing

Json: TypeAlias = "str | int | bool | None | Sequence[Json] | Mapping[str, Json]"

Malformed: TypeAlias = Literal[
    "invalid_request", "method_not_allowed", "request_timeout", "too_large", "unsupported_media", "upgrade_refused"
]
_MALFORMED_STATUS: Final[Mapping[str, int]] = {
    "invalid_request": 400,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "too_large": 413,
    "unsupported_media": 415,
    "upgrade_refused": 426,
}


class Ended(Exception):
    """An exchange without a reply. `message` is ours and free of content."""

    status: int = 500
    code: str = "internal_error"
    may_retry: ClassVar[bool] = False
    """Whether the same request may succeed a little later; becomes `x-should-retry`."""

    def __init__(self, message: str, **details: Json) -> None:
        super().__init__(self.code)
        self.message = message
        self.details: dict[str, Json] = dict(details)
        self.retry_after_s: float | None = None


class Refused(Ended):
    """We said no; no provider saw the prompt."""


class Unauthenticated(Refused):
    """No key, an unknown, revoked or expired one, or two different ones: all alike."""

    status, code = 401, "unknown_key"

    def __init__(self) -> None:
        super().__init__("No valid API key was given. Send a key of this gateway as a Bearer token (or x-api-key).")


class InvalidRequest(Refused):
    """The bytes are not a request we accept; says where or which field, never the value."""

    def __init__(self, message: str, *, code: Malformed = "invalid_request", **details: Json) -> None:
        self.code, self.status = code, _MALFORMED_STATUS[code]
        super().__init__(message, **details)


class Unsupported(Refused):
    """No route of this model can do what is asked, whatever the policy."""

    status, code = 400, "unsupported"


KEPT_STATE_CODES: Final = frozenset({"thread_unsupported_request", "previous_response_not_found", "unsupported"})
"""Codes by which an SDK recovers from a refusal of kept state."""


class KeptStateRefused(Refused):
    """The request rests on what a provider keeps, and no route may keep it or has it. The client sends the whole
    history instead; `code` is the one by which its SDK does so without asking anybody."""

    status = 400

    def __init__(self, code: str, members: Sequence[str], **details: Json) -> None:
        self.code = code
        names = ", ".join(f"`{name}`" for name in members)
        super().__init__(
            f"No route of this model may use what a provider keeps for {names}. Send the whole history without it.",
            features=list(members),
            **details,
        )


class ModelNotFound(Refused):
    """No such model; `near` lists close names that this caller may use."""

    status, code = 404, "model_not_found"

    def __init__(self, near: list[str]) -> None:
        self.near = near
        hint = f" Did you mean {', '.join(near)}?" if near else " The list of models names those of this gateway."
        super().__init__("Unknown model name." + hint, near=list(near))


class NotFound(Refused):
    """No such endpoint or object."""

    status, code = 404, "not_found"

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class NoEligibleRoute(Refused):
    """Policy left no route. `routes`: each candidate with its reasons; `closest`: what one relaxation would admit."""

    status, code = 403, "no_eligible_route"


class NotAllowed(Refused):
    """A feature, data class, policy or endpoint that this key may not use."""

    status, code = 403, "not_allowed"


class BudgetExceeded(Refused):
    """A hard budget has no room for the worst case of this request.

    `room`: nano-units that it has. `floor`: tokens of output down to which a limit may be lowered to fit; None: it may
    not. Neither is told to the client.
    """

    status, code = 402, "budget_exceeded"

    def __init__(self, message: str, *, room: int = 0, floor: int | None = None, **details: Json) -> None:
        super().__init__(message, **details)
        self.room, self.floor = room, floor


class IdempotencyConflict(Refused):
    """The Idempotency-Key was used before; `receipt` is the id of the first one."""

    status, code = 409, "idempotency_conflict"


class RateLimited(Refused):
    """Too many requests or tokens, or too many exchanges under way. `standings`: where the rates of the caller stand,
    which SDKs read from headers."""

    status, code, may_retry = 429, "rate_limited", True
    standings: tuple[Standing, ...] = ()


class Unavailable(Refused):
    """Our own infrastructure cannot answer now. Nothing was sent."""

    status, may_retry = 503, True

    def __init__(
        self, code: Literal["books_unavailable", "keys_unavailable", "draining", "overloaded"], message: str
    ) -> None:
        self.code = code
        super().__init__(message)


class UpstreamEnded(Ended):
    """Providers were asked and none answered. `attempts` lists route ids with what happened, without provider text."""


class UpstreamFailed(UpstreamEnded):
    """Every eligible route failed."""

    status, code, may_retry = 502, "upstream_failed", True


class UpstreamTimeout(UpstreamEnded):
    """A named deadline passed before an answer began."""

    status, code, may_retry = 504, "upstream_timeout", True


class RoutesUnavailable(UpstreamEnded):
    """Policy admits routes, and all of them are cooling down."""

    status, code, may_retry = 503, "routes_unavailable", True


class UpstreamLimited(UpstreamEnded):
    """Providers limit the rate of every route that is left. `retry_after_s`: the shortest time that one of them states,
    or for which the gateway leaves a route alone; None where neither is known."""

    status, code, may_retry = 429, "rate_limited", True

    def __init__(self, retry_after_s: float | None, **details: Json) -> None:
        super().__init__("The providers of this model limit the rate of this gateway at the moment.", **details)
        self.retry_after_s = retry_after_s


class UpstreamRefused(UpstreamEnded):
    """The provider refused the request itself (4xx): another route would refuse it too, or must not be asked."""

    code = "upstream_refused"

    def __init__(self, status: int, message: str, **details: Json) -> None:
        self.status = status
        super().__init__(message, **details)


class PromptTooLong(UpstreamEnded):
    """The provider refused the request for its length. Clients look for the code (OpenAI's) or for the first words of
    the message (Anthropic's) to shorten their history by themselves."""

    code = "context_length_exceeded"

    def __init__(self, status: int, **details: Json) -> None:
        self.status = status
        super().__init__("prompt is too long: the provider takes fewer tokens than this in all.", **details)


class ClientLeft(Ended):
    """The client disconnected. Never sent to anybody; names the outcome in the receipt."""

    status, code = 499, "client_left"

    def __init__(self) -> None:
        super().__init__("the client left")


class InternalError(Ended):
    """A fault of ours; the log has its class and place under the receipt's id."""

    def __init__(self, receipt: str) -> None:
        super().__init__(
            "The gateway met a fault of its own. Its operator finds it under this receipt.", receipt=receipt
        )
