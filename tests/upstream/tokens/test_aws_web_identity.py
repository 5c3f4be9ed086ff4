"""A role in exchange for a signed token."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from gateway.upstream.tokens.aws_web_identity import WebIdentityAwsKeys, service_url
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.sigv4 import AwsKeys
from tests.scripted import Provider, replies, reply
from tests.upstream.calling import run

ANSWER = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>session==</SessionToken>
<Expiration>1970-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


def a_source(tmp_path: Path, url: str) -> WebIdentityAwsKeys:
    (tmp_path / "token").write_text("header.payload.signature\n")
    members = {"role_arn": "arn:aws:iam::1:role/r", "web_identity_token_file": str(tmp_path / "token")}
    return WebIdentityAwsKeys(members, "eu-central-1", url)


def test_a_role_is_assumed_with_the_token_of_the_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=ANSWER))) as provider:
            found = await a_source(tmp_path, provider.url).obtain(TokenEndpoint(clock=lambda: 0.0))
            assert (found.secret, found.life_s) == (AwsKeys("ASIA", "secret", "session=="), 3600.0)
            [request] = provider.requests
            assert {name: value for name, [value] in parse_qs(request.body.decode()).items()} == {
                "Action": "AssumeRoleWithWebIdentity",
                "Version": "2011-06-15",
                "RoleArn": "arn:aws:iam::1:role/r",
                "RoleSessionName": "safeconduct",
                "WebIdentityToken": "header.payload.signature",
            }
            assert request.header("authorization") is None

    run(scenario())


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", ANSWER.replace(b"session==", b"")]
)
def test_another_answer_is_malformed(tmp_path: Path, body: bytes) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=body))) as provider:
            with pytest.raises(TokenFault) as caught:
                await a_source(tmp_path, provider.url).obtain(TokenEndpoint(clock=lambda: 0.0))
            assert caught.value.kind == "malformed"

    run(scenario())


def test_a_stale_token_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(400, body=b"<ErrorResponse/>"))) as provider:
            with pytest.raises(TokenFault) as caught:
                await a_source(tmp_path, provider.url).obtain(TokenEndpoint())
            assert (caught.value.kind, caught.value.status) == ("refused", 400)

    run(scenario())


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-central-1", "https://sts.eu-central-1.amazonaws.com/"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
        ("eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"),
    ],
)
def test_the_service_is_that_of_the_region(region: str, url: str) -> None:
    assert service_url(region) == url
