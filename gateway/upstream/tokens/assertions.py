"""Signed assertions (RFC 7523): JSON Web Tokens under an RSA key that the operator keeps in a file.

`cryptography` is imported with the first assertion: a gateway without such a key never loads it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from gateway.upstream.tokens.endpoint import TokenFault

Algorithm: TypeAlias = Literal["RS256", "PS256"]
Claims: TypeAlias = Mapping[str, str | int]

EARLY_S: Final = 60
"""Seconds by which an assertion begins before this machine's time: a clock that is ahead does no harm."""


async def signed(algorithm: Algorithm, header: Mapping[str, str], claims: Claims, pem: str) -> str:
    """The assertion under the RSA key in `pem`. Raises TokenFault "file" for a text without such a key."""
    return await asyncio.to_thread(_signed, algorithm, header, claims, pem.encode())


async def thumbprint(pem: str) -> str:
    """The SHA-256 of the certificate in `pem`, as `x5t#S256` holds it. Raises TokenFault "file" for none."""
    return await asyncio.to_thread(_thumbprint, pem.encode())


def _signed(algorithm: Algorithm, header: Mapping[str, str], claims: Claims, pem: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    text = b".".join([_part({"alg": algorithm, "typ": "JWT", **header}), _part(claims)])
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = _key(pem).sign(text, pss if algorithm == "PS256" else padding.PKCS1v15(), SHA256())
    return b".".join([text, _encoded(signature)]).decode()


def _key(pem: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except Exception:  # noqa: BLE001  # the library's errors are of many kinds, and may quote the file
        raise TokenFault("file") from None
    if not isinstance(key, RSAPrivateKey):
        raise TokenFault("file")
    return key


def _thumbprint(pem: bytes) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(pem)
    except ValueError:
        raise TokenFault("file") from None
    return _encoded(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()).decode()


def _part(value: Mapping[str, str | int]) -> bytes:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
