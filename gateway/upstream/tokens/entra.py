"""Access tokens of Microsoft Entra ID: client secret, certificate, federated token, and managed identity.

Reference: Microsoft's documentation of the client-credentials flow, of certificate credentials and of managed
identities, azure-identity 1.27 and msal 1.39 (November 2026).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from gateway.core.token_kinds import TOKEN_KINDS
from gateway.upstream.credentials import Headers
from gateway.upstream.tokens.assertions import EARLY_S, Claims, signed, thumbprint
from gateway.upstream.tokens.endpoint import TokenAnswer, TokenEndpoint, TokenRequest
from gateway.upstream.tokens.members import members_of, seconds_of, text_of
from gateway.upstream.tokens.secret_files import secret_of, text_in
from gateway.upstream.tokens.token import ExpiringToken

AUTHORITY: Final = "https://login.microsoftonline.com"
METADATA: Final = "http://169.254.169.254"
ASSERTION_S: Final = 600

_FORM: Final[Headers] = (("content-type", "application/x-www-form-urlencoded"),)
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECRET: Final = TOKEN_KINDS["entra"].sources["client-secret"]


class EntraClientSecret:
    """An application's client secret."""

    def __init__(self, members: Mapping[str, str], audience: str) -> None:
        self._members, self._audience = members, audience

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """A token for the application. Raises TokenFault."""
        member = next(member for member in _SECRET if member.name == "client_secret")
        secret = await secret_of(self._members, member)
        return await _granted(self._members, self._audience, {"client_secret": secret}, endpoint)


class EntraCertificate:
    """An application's certificate: one PEM file with the certificate and its RSA key, read again for each token."""

    def __init__(self, members: Mapping[str, str], audience: str) -> None:
        self._members, self._audience = members, audience

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """A token for the application. Raises TokenFault."""
        pem = await text_in(self._members["certificate_file"])
        now, client = int(time.time()), self._members["client_id"]
        claims: Claims = {
            "aud": _address(self._members),
            "iss": client,
            "sub": client,
            "jti": str(uuid.uuid4()),
            "nbf": now - EARLY_S,
            "exp": now + ASSERTION_S - EARLY_S,
        }
        assertion = await signed("PS256", {"x5t#S256": await thumbprint(pem)}, claims, pem)
        return await _granted(self._members, self._audience, _asserted(assertion), endpoint)


class EntraFederation:
    """A token of another issuer that the application trusts, in a file that is read again for each token."""

    def __init__(self, members: Mapping[str, str], audience: str) -> None:
        self._members, self._audience = members, audience

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """A token for the application. Raises TokenFault."""
        assertion = await text_in(self._members["federated_token_file"])
        return await _granted(self._members, self._audience, _asserted(assertion), endpoint)


class EntraManagedIdentity:
    """The identity of a machine, or of a service where the platform names its endpoint. `server`: of machines."""

    def __init__(self, members: Mapping[str, str], audience: str, *, server: str = METADATA) -> None:
        client = {"client_id": members["client_id"]} if "client_id" in members else {}
        named = {"resource": audience, **client}
        self._request = TokenRequest(
            "GET",
            f"{server}/metadata/identity/oauth2/token?{urlencode({'api-version': '2018-02-01', **named})}",
            (("metadata", "true"),),
        )
        if "identity_endpoint" in members:
            query = urlencode({"api-version": "2019-08-01", **named})
            headers = (("x-identity-header", members.get("identity_header", "")),)
            self._request = TokenRequest("GET", f"{members['identity_endpoint']}?{query}", headers)

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:
        """The token of the identity. Raises TokenFault."""
        return _token(await endpoint.ask(self._request))


def _asserted(assertion: str) -> dict[str, str]:
    return {"client_assertion_type": _ASSERTION, "client_assertion": assertion}


def _address(members: Mapping[str, str]) -> str:
    return f"{members.get('authority', AUTHORITY).rstrip('/')}/{members['tenant_id']}/oauth2/v2.0/token"


async def _granted(
    members: Mapping[str, str], audience: str, proof: Mapping[str, str], endpoint: TokenEndpoint
) -> ExpiringToken[str]:
    """The token of an application that proves itself with `proof`."""
    scope = f"{audience.rstrip('/')}/.default"
    form = {"grant_type": "client_credentials", "client_id": members["client_id"], "scope": scope, **proof}
    return _token(await endpoint.ask(TokenRequest("POST", _address(members), _FORM, urlencode(form).encode())))


def _token(answer: TokenAnswer) -> ExpiringToken[str]:
    """`refresh_in`, where stated, is the time to renew a token long before its end."""
    members = members_of(answer)
    again_s = seconds_of(members, "refresh_in") if "refresh_in" in members else None
    life_s = seconds_of(members, "expires_in")
    return ExpiringToken(text_of(members, "access_token"), life_s=life_s, again_s=again_s, skew_s=answer.skew_s)
