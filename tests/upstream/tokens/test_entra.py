"""Tokens of Microsoft Entra ID, from scripted endpoints on loopback."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.entra import (
    EntraCertificate,
    EntraClientSecret,
    EntraFederation,
    EntraManagedIdentity,
)
from tests.scripted import Provider, Received, replies, reply
from tests.upstream.tokens.keys import CERTIFICATE, KEY

AUDIENCE = "https://cognitiveservices.azure.com"
GRANTED = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "eyJ.hush"}


def gives(**changed: Any) -> Any:
    return replies(reply(body=json.dumps({**GRANTED, **changed}).encode()))


def application(url: str, **members: str) -> dict[str, str]:
    return {"tenant_id": "t1", "client_id": "c1", "authority": url + "/", **members}


def form(request: Received) -> dict[str, str]:
    assert request.line == "POST /t1/oauth2/v2.0/token HTTP/1.1"
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


async def test_a_client_secret_is_exchanged_for_a_token() -> None:
    async with Provider(gives()) as entra:
        source = EntraClientSecret(application(entra.url, client_secret="s&1="), AUDIENCE)
        token = await source.obtain(TokenEndpoint())
        assert (token.secret, token.life_s, token.again_s) == ("eyJ.hush", 3599, None)
        assert form(entra.requests[0]) == {
            "grant_type": "client_credentials",
            "client_id": "c1",
            "scope": f"{AUDIENCE}/.default",
            "client_secret": "s&1=",
        }


async def test_a_secret_in_a_file_is_read_for_each_token(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    async with Provider(gives()) as entra:
        source = EntraClientSecret(application(entra.url, client_secret_file=str(file)), AUDIENCE)
        for value in ("one", "two"):
            file.write_text(value)
            await source.obtain(TokenEndpoint())
        assert [form(request)["client_secret"] for request in entra.requests] == ["one", "two"]


async def test_a_certificate_signs_an_assertion_for_each_token(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text(KEY + CERTIFICATE)
    async with Provider(gives()) as entra:
        source = EntraCertificate(application(entra.url, certificate_file=str(file)), AUDIENCE)
        await source.obtain(TokenEndpoint())
        await source.obtain(TokenEndpoint())
        sent = [form(request) for request in entra.requests]
        assert sent[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        claims = [json.loads(base64.urlsafe_b64decode(s["client_assertion"].split(".")[1] + "==")) for s in sent]
        assert claims[0]["aud"] == f"{entra.url}/t1/oauth2/v2.0/token"
        assert (claims[0]["iss"], claims[0]["sub"], claims[0]["exp"] - claims[0]["nbf"]) == ("c1", "c1", 600)
        assert claims[0]["jti"] != claims[1]["jti"]


async def test_a_federated_token_is_the_assertion(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("projected\n")
    async with Provider(gives()) as entra:
        await EntraFederation(application(entra.url, federated_token_file=str(file)), AUDIENCE).obtain(TokenEndpoint())
        assert form(entra.requests[0])["client_assertion"] == "projected"


async def test_a_token_is_renewed_when_entra_says_so() -> None:
    async with Provider(gives(expires_in="86399", refresh_in="43199")) as entra:
        source = EntraClientSecret(application(entra.url, client_secret="s"), AUDIENCE)
        token = await source.obtain(TokenEndpoint())
        assert (token.life_s, token.again_s) == (86399, 43199)


async def test_a_machine_has_an_identity() -> None:
    async with Provider(gives(expires_in="86399", expires_on="1795550400", resource=AUDIENCE)) as server:
        source = EntraManagedIdentity({"client_id": "c1"}, AUDIENCE, server=server.url)
        assert (await source.obtain(TokenEndpoint())).life_s == 86399
        (request,) = server.requests
        url = urlsplit(request.line.split(" ")[1])
        assert (url.path, request.header("metadata")) == ("/metadata/identity/oauth2/token", "true")
        named = {"api-version": "2018-02-01", "resource": AUDIENCE, "client_id": "c1"}
        assert dict(parse_qsl(url.query)) == named


async def test_a_platform_names_the_endpoint_of_a_services_identity() -> None:
    async with Provider(gives()) as server:
        members = {"identity_endpoint": f"{server.url}/msi/token", "identity_header": "h1"}
        await EntraManagedIdentity(members, AUDIENCE).obtain(TokenEndpoint())
        (request,) = server.requests
        assert request.line.startswith("GET /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcognitive")
        assert request.header("x-identity-header") == "h1"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":"invalid_client","error_description":"hush"}', "refused"),
        (429, b"", "unreachable"),
        (500, b"<html>", "unreachable"),
        (200, b"<html>", "malformed"),
        (200, b'{"access_token":"a b","expires_in":1}', "malformed"),
        (200, b'{"access_token":"a","expires_in":"soon"}', "malformed"),
    ],
)
async def test_an_answer_without_a_token_is_a_fault(status: int, body: bytes, kind: str) -> None:
    async with Provider(replies(reply(status, body=body))) as entra:
        with pytest.raises(TokenFault) as caught:
            await EntraClientSecret(application(entra.url, client_secret="s"), AUDIENCE).obtain(TokenEndpoint())
        assert caught.value.kind == kind
        assert "hush" not in repr(caught.value)
