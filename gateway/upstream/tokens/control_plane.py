"""The control plane of Amazon Bedrock: destinations of inference profiles, and the mode of retention."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from gateway.upstream.credentials import Credential, UnsignedRequest
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault, TokenRequest
from gateway.upstream.tokens.members import members_of

_PAGE: Final = 25
_PAGES_MOST: Final = 40
_ID: Final = re.compile(r"[A-Za-z0-9.:_/-]{1,256}\Z")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}\Z")
_MODE: Final = re.compile(r"[a-z_]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class ProfileAnswers:
    """`profiles`: id -> the regions to which it sends requests, in order; none for a profile that names no region.

    `retention_mode`: empty where the credential may not read it.
    """

    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retention_mode: str = ""


async def profile_answers(credential: Credential, url: str, endpoint: TokenEndpoint) -> ProfileAnswers:
    """Ask the control plane at `url`. TokenFault where it does not answer, or the credential may not list profiles."""
    profiles: dict[str, tuple[str, ...]] = {}
    after = ""
    for _ in range(_PAGES_MOST):
        page = await _answered(credential, url, f"/inference-profiles?maxResults={_PAGE}{after}", endpoint)
        listed = page.get("inferenceProfileSummaries")
        for summary in listed if isinstance(listed, list) else ():
            if isinstance(summary, dict) and _ID.match(id_ := str(summary.get("inferenceProfileId", ""))):
                profiles[id_] = _regions(summary.get("models"))
        following = page.get("nextToken")
        if not isinstance(following, str) or not following:
            return ProfileAnswers(profiles, await _retention_mode(credential, url, endpoint))
        after = f"&nextToken={quote(following, safe='')}"
    raise TokenFault("malformed")


def _regions(models: object) -> tuple[str, ...]:
    """The regions in the ARNs of a profile's models; none where one ARN names none."""
    regions: dict[str, None] = {}
    for model in models if isinstance(models, list) else ():
        parts = str(model.get("modelArn", "")).split(":") if isinstance(model, dict) else []
        region = parts[3] if len(parts) > 4 and parts[0] == "arn" else ""
        if not _REGION.match(region):
            return ()
        regions[region] = None
    return tuple(sorted(regions))


async def _retention_mode(credential: Credential, url: str, endpoint: TokenEndpoint) -> str:
    try:
        answer = await _answered(credential, url, "/data-retention", endpoint)
    except TokenFault:
        return ""
    mode = answer.get("mode")
    return mode if isinstance(mode, str) and _MODE.match(mode) else ""


async def _answered(credential: Credential, url: str, path: str, endpoint: TokenEndpoint) -> Mapping[str, object]:
    """One answer of the control plane, asked with the credential of the record."""
    try:
        headers = credential.headers(UnsignedRequest("GET", urlsplit(url).netloc, path, (), b""))
    except UpstreamFault:
        raise TokenFault("ended") from None
    return members_of(await endpoint.ask(TokenRequest("GET", f"{url}{path}", headers)))
