"""Signatures of AWS, worked out again by botocore."""

from __future__ import annotations

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.upstream.tokens.sigv4 import AwsKeys
from tests.scripted import Received


def signature(
    keys: AwsKeys, scope: tuple[str, str], line: tuple[str, str], headers: dict[str, str], body: bytes
) -> str:
    """`scope`: service and region. `line`: method and target. `headers`: those that are signed, host among them."""
    request = AWSRequest(line[0], f"https://{headers['host']}{line[1]}", headers=headers, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None), *scope)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    made: str = signer.signature(text, request)
    return made


def is_signed(received: Received, keys: AwsKeys, scope: tuple[str, str] = ("bedrock", "eu-central-1")) -> bool:
    """Whether a request as it came in is signed with `keys`."""
    authorization = received.header("authorization") or ""
    if not authorization.startswith(f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/"):
        return False
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: received.header(name) or "" for name in names}
    method, path, _ = received.line.split(" ")
    return authorization.endswith(f"Signature={signature(keys, scope, (method, path), headers, received.body)}")
