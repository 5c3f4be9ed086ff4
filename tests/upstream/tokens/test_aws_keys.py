"""Access keys that the operator holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.upstream.tokens.aws_keys import ProfileAwsKeys, StaticAwsKeys
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.sigv4 import AwsKeys
from gateway.upstream.tokens.token import TokenSource

PROFILES = """
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = one
region = eu-central-1

[session]
aws_access_key_id=AKIDSESSION
aws_secret_access_key=two
aws_security_token=three

[program]
credential_process = /bin/print-credentials
[empty]
"""


async def keys(source: TokenSource[AwsKeys]) -> AwsKeys:
    return (await source.obtain(TokenEndpoint())).secret


async def test_static_keys_are_those_of_the_environment_or_of_files_read_again(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    source = StaticAwsKeys({"access_key_id": "AKID", "secret_access_key_file": str(secret), "session_token": "s"})
    for value in ("one", "two"):
        secret.write_text(value)
        assert await keys(source) == AwsKeys("AKID", value, "s")
    assert (await source.obtain(TokenEndpoint())).again_s == 10.0
    fixed = await StaticAwsKeys({"access_key_id": "AKID", "secret_access_key": "x"}).obtain(TokenEndpoint())
    assert (fixed.secret, fixed.life_s, fixed.again_s) == (AwsKeys("AKID", "x"), None, None)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("default", AwsKeys("AKIDDEFAULT", "one")), ("session", AwsKeys("AKIDSESSION", "two", "three"))],
)
async def test_a_profile_holds_a_key(tmp_path: Path, profile: str, expected: AwsKeys) -> None:
    (tmp_path / "credentials").write_text(PROFILES)
    assert await keys(ProfileAwsKeys({"profile_file": str(tmp_path / "credentials"), "profile": profile})) == expected


async def test_a_profile_file_that_changes_gives_the_new_key(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    source = ProfileAwsKeys({"profile_file": str(file)})
    file.write_text(PROFILES)
    assert (await keys(source)).access_key_id == "AKIDDEFAULT"
    file.write_text(PROFILES.replace("AKIDDEFAULT", "AKIDROTATED"))
    assert (await keys(source)).access_key_id == "AKIDROTATED"


@pytest.mark.parametrize(
    ("text", "profile", "kind"),
    [
        (PROFILES, "program", "program"),
        (PROFILES, "empty", "file"),
        (PROFILES, "none", "file"),
        ("hush", "default", "file"),
        ("[default]\naws_access_key_id = a b\naws_secret_access_key = hush", "default", "file"),
    ],
)
async def test_a_profile_without_a_key_or_with_a_program_is_refused(
    tmp_path: Path, text: str, profile: str, kind: str
) -> None:
    (tmp_path / "credentials").write_text(text)
    with pytest.raises(TokenFault) as caught:
        await keys(ProfileAwsKeys({"profile_file": str(tmp_path / "credentials"), "profile": profile}))
    assert caught.value.kind == kind
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
