"""Signatures of AWS: worked vectors, and what a signature covers."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.tokens.sigv4 import AwsKeys, SigV4Scheme
from tests.upstream.tokens import aws_judge

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = "bedrock-runtime.eu-central-1.amazonaws.com"
AT = 1_796_072_400.0  # 2026-11-30T21:00:00Z
BODY = b'{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'


def a_request(path: str, body: bytes = BODY, **headers: str) -> UnsignedRequest:
    fields = {"content-type": "application/json", "accept": "*/*"} | {
        n.replace("_", "-"): v for n, v in headers.items()
    }
    return UnsignedRequest("POST", HOST, path, tuple(fields.items()), body)


def signature(path: str, keys: AwsKeys = KEYS, at: float = AT, body: bytes = BODY, **headers: str) -> str:
    made = dict(SigV4Scheme("bedrock", "eu-central-1").headers(keys, a_request(path, body, **headers), at))
    return made["authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/model/eu.anthropic.claude-sonnet-4-6/converse",
            "8ddfb15e33871c55a61813eb7ef5470ef812f04e8d18d62e32b826edd6d40832",
        ),
        (
            "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream",
            "1baf33e00c059a0f8b1443391dc3e2f74c70e1f359ad70b16d186b89cb3ac48a",
        ),
    ],
)
def test_worked_vectors(path: str, expected: str) -> None:
    assert signature(path) == expected


def test_the_headers_name_the_scope_and_what_is_signed() -> None:
    session = AwsKeys("AKIDEXAMPLE", "secret", "session")
    made = SigV4Scheme("bedrock", "eu-central-1").headers(session, a_request("/x"), AT)
    assert [name for name, _ in made] == ["x-amz-date", "x-amz-security-token", "authorization"]
    assert dict(made)["x-amz-date"] == "20261130T210000Z"
    assert dict(made)["x-amz-security-token"] == "session"
    assert "Credential=AKIDEXAMPLE/20261130/eu-central-1/bedrock/aws4_request, " in dict(made)["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, " in dict(made)["authorization"]


def test_a_signature_covers_body_path_moment_key_and_type_and_nothing_that_a_proxy_may_change() -> None:
    base = signature("/model/a/converse")
    assert base == signature("/model/a/converse", user_agent="other", connection="close")
    others = {
        signature("/model/b/converse"),
        signature("/model/a/converse?x=1"),
        signature("/model/a/converse", body=BODY + b" "),
        signature("/model/a/converse", at=AT + 1),
        signature("/model/a/converse", at=AT + 86_400),
        signature("/model/a/converse", AwsKeys("AKIDEXAMPLE", "other")),
        signature("/model/a/converse", AwsKeys(KEYS.access_key_id, KEYS.secret_access_key, "session")),
        signature("/model/a/converse", content_type="text/plain"),
    }
    assert len(others | {base}) == 9


def test_the_signing_key_follows_the_day_and_the_access_key() -> None:
    scheme, other = SigV4Scheme("bedrock", "eu-central-1"), AwsKeys("AKIDOTHER", "other")
    for keys, at in ((KEYS, AT), (KEYS, AT), (other, AT), (KEYS, AT), (KEYS, AT + 86_400)):
        assert scheme.headers(keys, a_request("/x"), at) == SigV4Scheme("bedrock", "eu-central-1").headers(
            keys, a_request("/x"), at
        )


@pytest.mark.parametrize(
    ("status", "kind", "is_about_the_key"),
    [
        (403, "ExpiredTokenException", True),
        (403, "InvalidSignatureException:http://internal.amazon.com/coral/", True),
        (403, "UnrecognizedClientException", True),
        (403, "AccessDeniedException", False),
        (403, "", True),
        (401, "AccessDeniedException", True),
    ],
)
def test_only_faults_of_the_key_ask_for_another(status: int, kind: str, is_about_the_key: bool) -> None:
    headers = {"x-amzn-errortype": kind} if kind else {}
    assert SigV4Scheme("bedrock", "eu-central-1").refuses_secret(status, headers) is is_about_the_key


def test_keys_are_hidden() -> None:
    shown = repr(AwsKeys("AKIDHUSH", "hush", "hush-session"))
    assert "hush" not in shown.lower()


SEGMENTS = st.text(st.sampled_from("abz09-_.~:%/ @+=&?!'()*,;é"), max_size=12).filter(lambda s: s not in (".", ".."))
"""No model and no profile is named by dots alone, which mean places of a path."""


@settings(deadline=None)
@given(
    segments=st.lists(SEGMENTS, min_size=1, max_size=4),
    query=st.lists(st.tuples(SEGMENTS, SEGMENTS), max_size=3),
    body=st.binary(max_size=64),
    session=st.sampled_from(["", "session=="]),
    kind=st.sampled_from(["application/json", "application/json;  charset=utf-8"]),
)
def test_every_signature_is_that_of_botocore(
    segments: list[str], query: list[tuple[str, str]], body: bytes, session: str, kind: str
) -> None:
    path = "/" + "/".join(quote(segment or "x", safe="") for segment in segments)
    if query:
        path += f"?{urlencode(query, quote_via=quote)}"
    keys = AwsKeys(KEYS.access_key_id, KEYS.secret_access_key, session)
    made = dict(SigV4Scheme("bedrock", "eu-central-1").headers(keys, a_request(path, body, content_type=kind), AT))
    signed = {"host": HOST, "content-type": kind, "x-amz-date": made["x-amz-date"]}
    signed |= {"x-amz-security-token": session} if session else {}
    judged = aws_judge.signature(keys, ("bedrock", "eu-central-1"), ("POST", path), signed, body)
    assert made["authorization"].endswith(f"Signature={judged}")
