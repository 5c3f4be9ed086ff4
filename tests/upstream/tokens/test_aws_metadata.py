"""Keys that the platform lends, from scripted endpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.upstream.tokens.aws_metadata import ContainerAwsKeys, InstanceAwsKeys
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.sigv4 import AwsKeys
from tests.scripted import Connection, Provider, replies, reply
from tests.upstream.calling import run

KEYS = {"AccessKeyId": "AKID", "SecretAccessKey": "secret", "Token": "session", "Expiration": "1970-01-01T01:00:00Z"}


def endpoint() -> TokenEndpoint:
    return TokenEndpoint(clock=lambda: 0.0)


def answer(**changed: Any) -> bytes:
    return reply(body=json.dumps(KEYS | changed).encode())


def test_a_container_asks_with_the_token_of_its_platform_read_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        token = tmp_path / "token"
        async with Provider(replies(answer())) as provider:
            members = {"credentials_uri": f"{provider.url}/creds", "authorization_token_file": str(token)}
            source = ContainerAwsKeys(members)
            for word in ("one", "two"):
                token.write_text(word)
                found = await source.obtain(endpoint())
            assert (found.secret, found.life_s) == (AwsKeys("AKID", "secret", "session"), 3600.0)
            assert [r.header("authorization") for r in provider.requests] == ["one", "two"]
            assert provider.requests[0].line == "GET /creds HTTP/1.1"

    run(scenario())


def test_a_path_is_asked_at_the_platforms_address() -> None:
    async def scenario() -> None:
        async with Provider(replies(answer())) as provider:
            source = ContainerAwsKeys({"credentials_path": "/v2/credentials/1"}, provider.url)
            assert (await source.obtain(endpoint())).secret.access_key_id == "AKID"
            assert provider.requests[0].line == "GET /v2/credentials/1 HTTP/1.1"

    run(scenario())


@pytest.mark.parametrize(
    "members", [{}, {"credentials_path": "@elsewhere.example/"}, {"credentials_uri": "http://elsewhere.example/"}]
)
def test_no_other_address_is_asked_without_tls(members: dict[str, str]) -> None:
    async def scenario() -> None:
        with pytest.raises(TokenFault) as caught:
            await ContainerAwsKeys(members).obtain(endpoint())
        assert caught.value.kind == "forbidden"

    run(scenario())


async def _metadata(connection: Connection) -> None:
    while True:
        request = await connection.request()
        method, path, _ = request.line.split(" ")
        has_session = request.header("x-aws-ec2-metadata-token") == "session-1"
        if (method, path) == ("PUT", "/latest/api/token"):
            await connection.send(reply(body=b"session-1"))
        elif not has_session:
            await connection.send(reply(401))
        elif path.endswith("/security-credentials/"):
            await connection.send(reply(body=b"the-role\n"))
        else:
            await connection.send(answer(Code="Success") if path.endswith("/the-role") else reply(404))


def test_an_instance_is_asked_by_a_session_for_its_role() -> None:
    async def scenario() -> None:
        async with Provider(_metadata) as provider:
            found = await InstanceAwsKeys({}, provider.url).obtain(endpoint())
            assert found.secret == AwsKeys("AKID", "secret", "session")
            assert provider.requests[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
            with pytest.raises(TokenFault) as caught:
                await InstanceAwsKeys({"instance_role": "another"}, provider.url).obtain(endpoint())
            assert (caught.value.kind, caught.value.status) == ("refused", 404)

    run(scenario())


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"Expiration": "1969-12-31T23:00:00Z"}, "ended"),
        ({"Expiration": None}, "malformed"),
        ({"Token": "with space"}, "malformed"),
        ({"SecretAccessKey": ""}, "malformed"),
    ],
)
def test_keys_that_cannot_be_used_are_a_fault(changed: dict[str, Any], kind: str) -> None:
    async def scenario() -> None:
        async with Provider(replies(answer(**changed))) as provider:
            with pytest.raises(TokenFault) as caught:
                await ContainerAwsKeys({"credentials_uri": provider.url}).obtain(endpoint())
            assert caught.value.kind == kind

    run(scenario())


@pytest.mark.parametrize("body", [b"", b"two words", b"\xff"])
def test_a_session_that_is_no_word_is_malformed(body: bytes) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=body))) as provider:
            with pytest.raises(TokenFault) as caught:
                await InstanceAwsKeys({}, provider.url).obtain(endpoint())
            assert caught.value.kind == "malformed"

    run(scenario())
