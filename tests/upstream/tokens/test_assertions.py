"""Signed assertions: google-auth and the certificate's own key judge them."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from gateway.upstream.tokens.assertions import Claims, signed, thumbprint
from gateway.upstream.tokens.endpoint import TokenFault
from tests.upstream.tokens.keys import CERTIFICATE, KEY

CLAIMS: Claims = {"iss": "me", "aud": "you", "iat": 1_795_550_400, "exp": 4_102_444_800}


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_googles_own_library_accepts_an_assertion() -> None:
    assertion = await signed("RS256", {"kid": "k1"}, CLAIMS, KEY)
    judged: Any = importlib.import_module("google.auth.jwt")  # untyped
    assert judged.decode(assertion, certs={"k1": CERTIFICATE}, audience="you") == CLAIMS
    assert decoded(assertion.split(".")[0]) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}


async def test_a_pss_signature_is_that_of_the_certificates_key() -> None:
    mark = await thumbprint(CERTIFICATE)
    head, body, signature = (await signed("PS256", {"x5t#S256": mark}, CLAIMS, KEY + CERTIFICATE)).split(".")
    certificate = load_pem_x509_certificate(CERTIFICATE.encode())
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    key: Any = certificate.public_key()
    key.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{body}".encode(), pss, SHA256())
    assert decoded(head) == {"alg": "PS256", "typ": "JWT", "x5t#S256": mark}
    assert base64.urlsafe_b64decode(mark + "=") == certificate.fingerprint(SHA256())
    assert len(base64.urlsafe_b64decode(mark + "=")) == hashlib.sha256().digest_size


@pytest.mark.parametrize(
    "pem", ["", "hush", CERTIFICATE, "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"]
)
async def test_a_file_without_a_key_is_a_fault_that_holds_nothing_of_it(pem: str) -> None:
    with pytest.raises(TokenFault) as caught:
        await signed("RS256", {}, CLAIMS, pem)
    assert (caught.value.kind, caught.value.__cause__) == ("file", None)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_file_without_a_certificate_is_a_fault() -> None:
    with pytest.raises(TokenFault, match="file"):
        await thumbprint(KEY)


def test_the_library_of_keys_is_loaded_with_the_first_assertion_only() -> None:
    program = "import sys, gateway.upstream.tokens.sources; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
