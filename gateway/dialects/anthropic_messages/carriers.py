"""Forms of request in which clouds carry Messages: the model stands in the path, the version in the body.

Reference: the SDK anthropic 2.12.0 (`lib/bedrock`, `lib/vertex`), and the published references of both clouds
(November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.core.catalog import Route
from gateway.core.frozen import frozen

NAME: Final = "anthropic_messages"


@frozen
class CarriedRequest:
    """A request of a carrier, but for its body: `members` are added to the body."""

    path: str
    headers: tuple[tuple[str, str], ...]
    members: Mapping[str, Any]


@frozen
class MessagesCarrier:
    """One form. `whole`, `streamed`: paths with a place for the model. `omits`: members that the form does not have.

    `betas`: the trial features that the cloud takes in the body; None where they stay in their header.
    """

    whole: str
    streamed: str
    version: str
    omits: frozenset[str]
    betas: frozenset[str] | None

    def carry(self, route: Route, betas: tuple[str, ...], *, streaming: bool) -> CarriedRequest:
        """Path, headers and further members of the request for `route`."""
        path = (self.streamed if streaming else self.whole).format(model=quote(route.wire_model, safe="@"))
        members: dict[str, Any] = {"anthropic_version": self.version}
        known = [beta for beta in dict.fromkeys(betas) if self.betas is None or beta in self.betas]
        if known and self.betas is not None:
            members["anthropic_beta"] = known
        headers = (("anthropic-beta", ",".join(known)),) if known and self.betas is None else ()
        return CarriedRequest(path, headers, members)

    def dropped(self, members: Mapping[str, Any], betas: tuple[str, ...]) -> list[str]:
        """Names of what the form leaves out of a request."""
        lost = ["service_tier"] if "service_tier" in self.omits and members.get("service_tier") is not None else []
        return lost if self.betas is None or self.betas.issuperset(betas) else [*lost, "anthropic_beta"]


_BEDROCK_BETAS: Final = frozenset(
    "computer-use-2025-01-24 computer-use-2025-11-24 context-1m-2025-08-07 context-management-2025-06-27 "
    "effort-2025-11-24 fine-grained-tool-streaming-2025-05-14 interleaved-thinking-2025-05-14 output-128k-2025-02-19 "
    "token-efficient-tools-2025-02-19 tool-examples-2025-10-29 tool-search-tool-2025-10-19".split()
)
"""Bedrock refuses a request with any other."""

CARRIERS: Final[Mapping[str, MessagesCarrier]] = {
    "bedrock_invoke": MessagesCarrier(
        whole="/model/{model}/invoke",
        streamed="/model/{model}/invoke-with-response-stream",
        version="bedrock-2023-05-31",
        omits=frozenset({"model", "stream", "service_tier"}),
        betas=_BEDROCK_BETAS,
    ),
    "vertex_raw_predict": MessagesCarrier(
        whole="/models/{model}:rawPredict",
        streamed="/models/{model}:streamRawPredict",
        version="vertex-2023-10-16",
        omits=frozenset({"model", "service_tier"}),
        betas=None,
    ),
}
"""Name in the catalogue -> form."""


def carrier_of(route: Route) -> MessagesCarrier | None:
    """The form in which the record of `route` carries Messages; None where it speaks Messages plainly."""
    carriers = route.provider.connection.carriers
    return CARRIERS[carriers[NAME]] if NAME in carriers else None
