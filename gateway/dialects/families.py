"""Families of SDKs: the conventions that the dialects of one vendor share.

A family decides the mount of its addresses, the request headers that identify its clients, the headers that state a
caller's rates, and the form of lists of models. The error shape is that of the family's first dialect.
"""

from __future__ import annotations

from typing import Final

from gateway.core.frozen import frozen
from gateway.dialects.rate_headers import RateHeaders, anthropic_headers, no_headers, openai_headers


@frozen
class Family:
    """The conventions of one vendor's SDKs.

    `name`: also the first segment of a path under which only this family is served. `marks`: request headers that only
    its clients send. `key_in_query`: its clients may send their key as `?key=`. `version_header`, `betas_header`: the
    request headers that state a version of the API and its trial features; empty where there are none.
    `model_prefix`: a prefix that its clients may put before a model's name.
    """

    name: str
    rate_headers: RateHeaders
    marks: frozenset[bytes] = frozenset()
    key_in_query: bool = False
    version_header: bytes = b""
    betas_header: bytes = b""
    model_prefix: str = ""


OPENAI: Final = Family("openai", openai_headers)
ANTHROPIC: Final = Family(
    "anthropic",
    anthropic_headers,
    marks=frozenset({b"anthropic-version"}),
    version_header=b"anthropic-version",
    betas_header=b"anthropic-beta",
)
GOOGLE: Final = Family(
    "google",
    no_headers,
    marks=frozenset({b"x-goog-api-key", b"x-goog-api-client"}),
    key_in_query=True,
    model_prefix="models/",
)
