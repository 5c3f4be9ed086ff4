"""The control plane of Bedrock: pages of profiles, and the mode of retention, asked with the record's credential."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.upstream.credentials import Credential, StaticCredential
from gateway.upstream.tokens.control_plane import ProfileAnswers, profile_answers
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.renewing import RenewingCredential
from gateway.upstream.tokens.token import BearerScheme, ExpiringToken
from tests.scripted import Connection, Provider, Script, replies, reply
from tests.upstream.calling import run
from tests.upstream.tokens.scripting import ScriptedSource

KEY = StaticCredential((("authorization", "Bearer key"),))


def summary(id: str, *regions: str) -> dict[str, Any]:
    models = [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/anthropic.claude"} for region in regions]
    return {"inferenceProfileId": id, "type": "SYSTEM_DEFINED", "models": models}


EU = summary("eu.anthropic.claude", "eu-west-1", "eu-central-1", "eu-west-1")
GLOBAL = summary("global.anthropic.claude", "")


def control_plane(*pages: list[dict[str, Any]], mode: bytes | None = b'{"mode":"none"}') -> Script:
    async def script(connection: Connection) -> None:
        while True:
            request = await connection.request()
            path = request.line.split(" ")[1]
            if request.header("authorization") != "Bearer key":
                await connection.send(reply(403))
            elif path == "/data-retention":
                await connection.send(reply(403) if mode is None else reply(body=mode))
            else:
                place = int(path.partition("&nextToken=page%2B")[2] or 0)
                more = {"nextToken": f"page+{place + 1}"} if place + 1 < len(pages) else {}
                body = json.dumps({"inferenceProfileSummaries": pages[place], **more})
                await connection.send(reply(body=body.encode()))

    return script


def answered(script: Script, credential: Credential = KEY) -> ProfileAnswers:
    found: list[ProfileAnswers] = []

    async def scenario() -> None:
        async with Provider(script) as provider:
            found.append(await profile_answers(credential, provider.url, TokenEndpoint()))

    run(scenario())
    return found[0]


def test_every_page_is_asked_and_a_profile_has_each_region_once() -> None:
    regions = ("eu-central-1", "eu-west-1")
    assert answered(control_plane([EU], [GLOBAL])) == ProfileAnswers(
        {"eu.anthropic.claude": regions, "global.anthropic.claude": ()}, "none"
    )


@pytest.mark.parametrize("mode", [None, b"[]", b'{"mode":"No Such"}', b'{"mode":7}'])
def test_a_mode_that_cannot_be_read_is_none_and_spoils_nothing(mode: bytes | None) -> None:
    assert answered(control_plane([EU], mode=mode)).retention_mode == ""


def test_what_is_no_summary_is_skipped() -> None:
    pages: list[Any] = [
        {"inferenceProfileId": "bad id"},
        7,
        {"inferenceProfileId": "a", "models": [{"modelArn": "x"}, 1]},
    ]
    assert answered(control_plane(pages)).profiles == {"a": ()}


@pytest.mark.parametrize(
    ("credential", "kind"),
    [
        (StaticCredential((("authorization", "Bearer other"),)), "refused"),
        (RenewingCredential(ScriptedSource(ExpiringToken("never")), BearerScheme(), TokenEndpoint()), "ended"),
    ],
)
def test_no_answer_is_a_fault(credential: Credential, kind: str) -> None:
    with pytest.raises(TokenFault) as caught:
        answered(control_plane([EU]), credential)
    assert caught.value.kind == kind


def test_pages_without_an_end_are_malformed() -> None:
    with pytest.raises(TokenFault) as caught:
        answered(replies(reply(body=b'{"nextToken":"again"}')))
    assert caught.value.kind == "malformed"
