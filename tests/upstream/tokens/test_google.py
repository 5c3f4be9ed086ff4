"""Tokens of Google Cloud, from scripted endpoints on loopback."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.google import (
    AUDIENCE,
    GoogleFederation,
    GoogleMetadata,
    GoogleServiceAccount,
)
from tests.scripted import Connection, Provider, reply
from tests.upstream.tokens.keys import CERTIFICATE, KEY

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANTED: dict[str, Any] = {"access_token": "ya29.hush", "expires_in": 3599, "token_type": "Bearer"}
FLAVOR = [("metadata-flavor", "Google")]


def answers(*bodies: Any, **told: Any) -> Any:
    """A script that answers one request after another with these JSON bodies."""
    left = iter(bodies)

    async def script(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.send(reply(body=json.dumps(next(left)).encode(), **told))

    return script


def form(provider: Provider, place: int = 0) -> dict[str, str]:
    return dict(parse_qsl(provider.requests[place].body.decode(), strict_parsing=True))


def service_account(tmp_path: Path, **changed: Any) -> dict[str, str]:
    file = tmp_path / "key.json"
    key = {"type": "service_account", "client_email": "gw@p.iam", "private_key_id": "k1", "private_key": KEY, **changed}
    file.write_text(json.dumps(key, indent=1))
    return {"service_account_file": str(file)}


def federation(tmp_path: Path, url: str, **changed: Any) -> dict[str, str]:
    subject = tmp_path / "subject"
    subject.write_text("subject-token\n")
    configuration = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{url}/v1/token",
        "credential_source": {"file": str(subject)},
        **changed,
    }
    file = tmp_path / "configuration.json"
    file.write_text(json.dumps(configuration))
    return {"configuration_file": str(file)}


async def test_a_service_account_signs_for_a_token(tmp_path: Path) -> None:
    async with Provider(answers(GRANTED)) as google:
        members = service_account(tmp_path, token_uri=f"{google.url}/token")
        token = await GoogleServiceAccount(members, SCOPE).obtain(TokenEndpoint())
        assert (token.secret, token.life_s) == ("ya29.hush", 3599)
        sent = form(google)
        assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        judge: Any = importlib.import_module("google.auth.jwt")  # untyped
        claims = judge.decode(sent["assertion"], certs={"k1": CERTIFICATE}, audience=AUDIENCE)
        assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == ("gw@p.iam", SCOPE, 3600)


@pytest.mark.parametrize("changed", [{"token_uri": ""}, {"private_key": "hush"}, {"client_email": 7}])
async def test_a_key_file_that_lacks_a_member_is_a_fault(tmp_path: Path, changed: dict[str, Any]) -> None:
    members = service_account(tmp_path, **{"token_uri": "http://127.0.0.1:9", **changed})
    with pytest.raises(TokenFault, match="file"):
        await GoogleServiceAccount(members, SCOPE).obtain(TokenEndpoint())


@pytest.mark.parametrize("text", ["", "hush", "[]", "[" * 50_000])
async def test_a_file_that_is_no_object_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text)
    for source in (GoogleServiceAccount, GoogleFederation):
        with pytest.raises(TokenFault, match="file"):
            await source(
                {"service_account_file": str(tmp_path / "f"), "configuration_file": str(tmp_path / "f")}, SCOPE
            ).obtain(TokenEndpoint())


async def test_a_token_of_another_issuer_is_exchanged(tmp_path: Path) -> None:
    exchanged = {**GRANTED, "expires_in": "3600", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    async with Provider(answers(exchanged, exchanged)) as google:
        source = GoogleFederation(federation(tmp_path, google.url), SCOPE)
        token = await source.obtain(TokenEndpoint())
        (tmp_path / "subject").write_text("rotated")
        await source.obtain(TokenEndpoint())
        assert (token.secret, token.life_s) == ("ya29.hush", 3600)
        sent = form(google)
        assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
        assert sent["requested_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        assert (sent["scope"], sent["subject_token"]) == (SCOPE, "subject-token")
        assert form(google, 1)["subject_token"] == "rotated"


async def test_an_exchanged_token_is_turned_into_one_of_a_service_account(tmp_path: Path) -> None:
    impersonated = {"accessToken": "ya29.account", "expireTime": "2999-01-01T00:00:00Z"}
    async with Provider(answers(GRANTED, impersonated)) as google:
        url = f"{google.url}/v1/projects/-/serviceAccounts/gw@p.iam:generateAccessToken"
        members = federation(tmp_path, google.url, service_account_impersonation_url=url)
        token = await GoogleFederation(members, SCOPE).obtain(TokenEndpoint())
        assert token.secret == "ya29.account"
        assert token.life_s is not None
        assert token.life_s > 3600
        assert google.requests[1].header("authorization") == "Bearer ya29.hush"
        assert json.loads(google.requests[1].body)["scope"] == [SCOPE]


async def test_a_subject_comes_from_an_address_or_a_member_of_json(tmp_path: Path) -> None:
    async with Provider(answers({"value": "from-an-address"}, GRANTED)) as google:
        source = {
            "url": f"{google.url}/subject",
            "headers": {"Metadata": "true"},
            "format": {"type": "json", "subject_token_field_name": "value"},
        }
        members = federation(tmp_path, google.url, credential_source=source)
        await GoogleFederation(members, SCOPE).obtain(TokenEndpoint())
        assert google.requests[0].header("metadata") == "true"
        assert form(google, 1)["subject_token"] == "from-an-address"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({"executable": {"command": "/bin/true"}}, "program"),
        (None, "file"),
        ({"url": "http://127.0.0.1:9", "headers": 1}, "file"),
        ({"environment_id": "aws1"}, "file"),
        ({"file": "/dev/null"}, "file"),
        ({"url": "http://metadata.example/token"}, "forbidden"),
    ],
)
async def test_a_subject_that_cannot_be_had_is_a_fault(tmp_path: Path, source: Any, kind: str) -> None:
    members = federation(tmp_path, "http://127.0.0.1:9", credential_source=source)
    with pytest.raises(TokenFault) as caught:
        await GoogleFederation(members, SCOPE).obtain(TokenEndpoint())
    assert caught.value.kind == kind


async def test_the_metadata_server_gives_the_rest_of_the_machines_token() -> None:
    async with Provider(answers({**GRANTED, "expires_in": 61}, headers=FLAVOR)) as server:
        token = await GoogleMetadata({}, SCOPE, server=server.url).obtain(TokenEndpoint())
        assert (token.secret, token.life_s) == ("ya29.hush", 61)
        (request,) = server.requests
        assert request.line.startswith(
            "GET /computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A"
        )
        assert request.header("metadata-flavor") == "Google"


async def test_an_answer_of_another_server_is_no_token() -> None:
    async with Provider(answers(GRANTED)) as server:
        with pytest.raises(TokenFault, match="malformed"):
            await GoogleMetadata({}, SCOPE, server=server.url).obtain(TokenEndpoint())
