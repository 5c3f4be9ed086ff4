"""The fault of a call: one closed vocabulary of kinds, and whether a byte may have reached the provider."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

FaultKind: TypeAlias = Literal[
    "connect",  # no connection: name not found, refused, unreachable
    "proxy",  # the egress proxy was not reached, refused the tunnel, or closed it
    "tls",  # no trusted connection to the provider
    "timeout",  # the connect deadline passed
    "capacity",  # every connection that one origin may have was in use until the connect deadline
    "reset",  # the connection ended before the reply did
    "protocol",  # the bytes are not an HTTP/1.1 reply within the limits
    "redirected",  # a 3xx: never followed, its Location never relayed
    "encoded",  # a content-encoding although the request accepted identity only
    "plaintext",  # http:// to a host that is neither loopback nor declared by the operator
    "unsendable",  # the address, the path or a header cannot be written, such as a key with a line break
    "credential",  # the credential has no usable secret at the moment, such as an access token that ended
    "closed",  # the gateway is shutting down
]
"""Why a call brought no reply, or a reply did not end. Receipts record it."""

Sent: TypeAlias = Literal["nothing", "maybe"]
"""Whether a byte of the request can have reached the provider."""

LOCAL_KINDS: Final[frozenset[FaultKind]] = frozenset(("capacity", "closed"))
"""Kinds that this process causes alone, whatever route is tried: they say nothing about the health of one."""


class UpstreamFault(Exception):
    """A call without a reply, or a reply that did not end. Carries no byte of either side.

    `sent` is "nothing" only where it is certain that no byte of the request left this process: such a call cannot have
    been billed, and another attempt repeats nothing.
    """

    def __init__(self, kind: FaultKind, sent: Sent) -> None:
        super().__init__(kind, sent)
        self.kind: FaultKind = kind
        self.sent: Sent = sent
