"""Access tokens of Google Cloud: service-account keys, workload identity federation, and the metadata server.

Reference: Google's documentation of OAuth for service accounts, of workload identity federation and of the metadata
server, and google-auth 2.63 (November 2026).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from gateway.upstream.credentials import Headers
from gateway.upstream.tokens.assertions import EARLY_S, Claims, signed
from gateway.upstream.tokens.endpoint import TokenAnswer, TokenEndpoint, TokenFault, TokenRequest
from gateway.upstream.tokens.members import members_of, seconds_of, text_of, until
from gateway.upstream.tokens.secret_files import text_in
from gateway.upstream.tokens.token import ExpiringToken

AUDIENCE: Final = "https://oauth2.googleapis.com/token"
METADATA: Final = "http://metadata.google.internal"
LIFE_S: Final = 3600

_FORM: Final[Headers] = (("content-type", "application/x-www-form-urlencoded"),)
_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_FLAVOR: Final[Headers] = (("metadata-flavor", "Google"),)


class GoogleServiceAccount:
    """A service account's key file (JSON), read again for each token."""

    def __init__(self, members: Mapping[str, str], scope: str) -> None:
        self._file, self._scope = members["service_account_file"], scope

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """A token for the service account. Raises TokenFault."""
        key = _document(await text_in(self._file))
        now = int(time.time()) - EARLY_S
        claims: Claims = {
            "iss": _word(key, "client_email"),
            "scope": self._scope,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFE_S,
        }
        header = {"kid": _word(key, "private_key_id")}
        assertion = await signed("RS256", header, claims, _word(key, "private_key"))
        form = {"grant_type": _JWT_BEARER, "assertion": assertion}
        return _token(await endpoint.ask(_posted(_word(key, "token_uri"), form)))


class GoogleFederation:
    """Workload identity federation: a token of another issuer, exchanged at Google's, then for a service account.

    The configuration is Google's own file (`external_account`). A file that names a program is refused: programs are
    never run.
    """

    def __init__(self, members: Mapping[str, str], scope: str) -> None:
        self._file, self._scope = members["configuration_file"], scope

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """A token for the identity, or for the service account that the configuration names. Raises TokenFault."""
        configuration = _document(await text_in(self._file))
        form = {
            "grant_type": _EXCHANGE,
            "audience": _word(configuration, "audience"),
            "scope": self._scope,
            "requested_token_type": _ACCESS_TOKEN,
            "subject_token_type": _word(configuration, "subject_token_type"),
            "subject_token": await _subject(configuration, endpoint),
        }
        exchanged = _token(await endpoint.ask(_posted(_word(configuration, "token_url"), form)))
        if "service_account_impersonation_url" not in configuration:
            return exchanged
        url = _word(configuration, "service_account_impersonation_url")
        return await self._impersonated(url, exchanged, endpoint)

    async def _impersonated(
        self, url: str, exchanged: ExpiringToken[str], endpoint: TokenEndpoint
    ) -> ExpiringToken[str]:
        body = json.dumps({"scope": [self._scope], "lifetime": f"{LIFE_S}s", "delegates": []}).encode()
        headers = (("content-type", "application/json"), ("authorization", f"Bearer {exchanged.secret}"))
        answer = await endpoint.ask(TokenRequest("POST", url, headers, body))
        members = members_of(answer)
        life_s = until(members.get("expireTime"), answer.at_s)
        return ExpiringToken(text_of(members, "accessToken"), life_s=life_s, skew_s=answer.skew_s)


class GoogleMetadata:
    """The metadata server of a machine, cluster or service in Google Cloud. `server`: its address."""

    def __init__(self, members: Mapping[str, str], scope: str, *, server: str = METADATA) -> None:  # noqa: ARG002
        query = urlencode({"scopes": scope})
        self._url = f"{server}/computeMetadata/v1/instance/service-accounts/default/token?{query}"

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """The token of the machine, which may be near its end. Raises TokenFault."""
        answer = await endpoint.ask(TokenRequest("GET", self._url, _FLAVOR))
        if answer.headers.get("metadata-flavor") != "Google":  # another server answers at the address
            raise TokenFault("malformed")
        return _token(answer)


async def _subject(configuration: Mapping[str, Any], endpoint: TokenEndpoint) -> str:
    """The other issuer's token: in a file, or at an address, as text or as a member of a JSON object."""
    source = configuration.get("credential_source")
    if not isinstance(source, dict):
        raise TokenFault("file")
    if "executable" in source:
        raise TokenFault("program")
    if "file" in source:
        text = await text_in(_word(source, "file"))
    else:
        headers = source.get("headers") or {}
        if not isinstance(headers, dict):
            raise TokenFault("file")
        fields = tuple((str(name).lower(), str(value)) for name, value in headers.items())
        answer = await endpoint.ask(TokenRequest("GET", _word(source, "url"), fields))
        text = answer.body.decode("latin-1").strip()
    form = source.get("format")
    if isinstance(form, dict) and form.get("type") == "json":
        text = _word(_document(text), _word(form, "subject_token_field_name"))
    if not text:
        raise TokenFault("file")
    return text


def _posted(url: str, form: Mapping[str, str]) -> TokenRequest:
    return TokenRequest("POST", url, _FORM, urlencode(form).encode())


def _token(answer: TokenAnswer) -> ExpiringToken[str]:
    members = members_of(answer)
    secret = text_of(members, "access_token")
    return ExpiringToken(secret, life_s=seconds_of(members, "expires_in"), skew_s=answer.skew_s)


def _document(text: str) -> dict[str, Any]:
    """A JSON object of the operator's. Raises TokenFault "file"."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise TokenFault("file") from None
    if not isinstance(document, dict):
        raise TokenFault("file")
    return document


def _word(document: Mapping[str, Any], name: str) -> str:
    """A text of the operator's that must be there. Raises TokenFault "file"."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise TokenFault("file")
    return value
