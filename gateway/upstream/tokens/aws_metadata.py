"""AWS access keys of a role that the platform lends: by a container's endpoint or by an instance's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gateway.core.token_kinds import TOKEN_KINDS, SourceMember
from gateway.upstream.credentials import Headers
from gateway.upstream.tokens.endpoint import TokenAnswer, TokenEndpoint, TokenFault, TokenRequest
from gateway.upstream.tokens.members import members_of, text_of, until
from gateway.upstream.tokens.secret_files import secret_of
from gateway.upstream.tokens.sigv4 import AwsKeys
from gateway.upstream.tokens.token import ExpiringToken

CONTAINER_HOST: Final = "http://169.254.170.2"
INSTANCE_HOST: Final = "http://169.254.169.254"
_SESSION_S: Final = 21_600
_ROLES: Final = "/latest/meta-data/iam/security-credentials/"
_AUTHORIZATION: Final[SourceMember] = TOKEN_KINDS["aws"].sources["container"][2]


class ContainerAwsKeys:
    """The role of an ECS task or an EKS pod identity. The address is the platform's; `host` stands before a path."""

    def __init__(self, members: Mapping[str, str], host: str = CONTAINER_HOST) -> None:
        self._members = members
        path = members.get("credentials_path", "")
        self._url = members.get("credentials_uri") or (f"{host}{path}" if path.startswith("/") else "")

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:
        """The role's key of this moment."""
        if not self._url:
            raise TokenFault("forbidden")
        secret = await secret_of(self._members, _AUTHORIZATION)
        headers: Headers = (("authorization", secret),) if secret else ()
        return keys_of(await endpoint.ask(TokenRequest("GET", self._url, headers)))


class InstanceAwsKeys:
    """The role of an EC2 instance, by IMDSv2: a session first, since its answers cannot be fetched through a proxy."""

    def __init__(self, members: Mapping[str, str], host: str = INSTANCE_HOST) -> None:
        self._role, self._host = members.get("instance_role", ""), host

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:
        """The role's key of this moment. The role is that of the instance, where none is named."""
        begin = TokenRequest(
            "PUT",
            f"{self._host}/latest/api/token",
            (("x-aws-ec2-metadata-token-ttl-seconds", str(_SESSION_S)),),
        )
        session = (("x-aws-ec2-metadata-token", _word(await endpoint.ask(begin))),)
        role = self._role or _word(await endpoint.ask(TokenRequest("GET", f"{self._host}{_ROLES}", session)))
        return keys_of(await endpoint.ask(TokenRequest("GET", f"{self._host}{_ROLES}{quote(role, safe='')}", session)))


def keys_of(answer: TokenAnswer) -> ExpiringToken[AwsKeys]:
    """The key in the JSON that both endpoints answer with."""
    members = members_of(answer)
    keys = AwsKeys(text_of(members, "AccessKeyId"), text_of(members, "SecretAccessKey"), text_of(members, "Token"))
    return ExpiringToken(keys, until(members.get("Expiration"), answer.at_s), skew_s=answer.skew_s)


def _word(answer: TokenAnswer) -> str:
    """The one word that an answer is."""
    try:
        word = answer.body.decode("ascii").strip()
    except UnicodeDecodeError:
        word = ""
    if not word or not all("!" <= c <= "~" for c in word):
        raise TokenFault("malformed") from None
    return word
