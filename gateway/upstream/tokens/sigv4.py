"""AWS Signature Version 4 in its header form: the request is signed as it is sent, body included.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (2026-11)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import gmtime, strftime
from typing import Final
from urllib.parse import quote, unquote_plus

from gateway.upstream.credentials import Headers, UnsignedRequest

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNRESERVED: Final = "-_.~"
_SIGNED: Final = frozenset({"content-type"})
"""Headers that are signed beside the host and those that a signature adds."""

_ERRORS_OF_SECRETS: Final = frozenset(
    {
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An access key. `session_token` is empty for one without an end."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class SigV4Scheme:
    """Signs for one service in one region. `now_s` of `headers` is the moment that the signature states."""

    signs_time: Final = True

    def __init__(self, service: str, region: str) -> None:
        self._service, self._region = service, region
        self._key_of: tuple[AwsKeys, str] | None = None
        self._key = b""

    def headers(self, secret: AwsKeys, request: UnsignedRequest, now_s: float) -> Headers:
        """`x-amz-date`, `x-amz-security-token` for a session, and `authorization`."""
        moment = strftime("%Y%m%dT%H%M%SZ", gmtime(now_s))
        added = [("x-amz-date", moment)]
        if secret.session_token:
            added.append(("x-amz-security-token", secret.session_token))
        signed = sorted([("host", request.host), *added, *(h for h in request.headers if h[0] in _SIGNED)])
        names = ";".join([name for name, _ in signed])
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        canonical = canonical_request(request, signed, names)
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(secret, moment[:8]), text.encode(), "sha256").hex()
        credential = f"{_ALGORITHM} Credential={secret.access_key_id}/{scope}"
        return (*added, ("authorization", f"{credential}, SignedHeaders={names}, Signature={signature}"))

    def refuses_secret(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether AWS names a fault of the key, or names none."""
        kind = headers.get("x-amzn-errortype", "").partition(":")[0]
        return status == 401 or not kind or kind in _ERRORS_OF_SECRETS

    def _signing_key(self, secret: AwsKeys, day: str) -> bytes:
        """The key of one day, made once for each access key."""
        if self._key_of != (secret, day):
            key = f"AWS4{secret.secret_access_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key_of, self._key = (secret, day), key
        return self._key


def canonical_request(request: UnsignedRequest, signed: list[tuple[str, str]], names: str) -> str:
    """The text whose digest is signed. `signed`: headers by name, sorted; `names`: their names with semicolons."""
    path, _, query = request.path.partition("?")
    fields = "".join([f"{name}:{' '.join(value.split())}\n" for name, value in signed])
    # The path is encoded once more than it is sent: `%3A` is signed as `%253A`. Every service but S3 expects that.
    encoded = quote(path, safe=f"/{_UNRESERVED}")
    body = sha256(request.body).hexdigest()
    return f"{request.method}\n{encoded}\n{_canonical_query(query)}\n{fields}\n{names}\n{body}"


def _canonical_query(query: str) -> str:
    """Parameters encoded anew and sorted; a parameter without a value has an empty one."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = [(_encoded(name), _encoded(value)) for name, _, value in pairs]
    return "&".join([f"{name}={value}" for name, value in sorted(encoded)])


def _encoded(text: str) -> str:
    return quote(unquote_plus(text), safe=_UNRESERVED)
