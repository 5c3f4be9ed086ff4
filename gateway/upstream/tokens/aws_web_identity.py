"""AWS access keys of a role, in exchange for a token that the cluster signs (EKS service accounts, any OIDC issuer)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from gateway.upstream.tokens.endpoint import TokenAnswer, TokenEndpoint, TokenFault, TokenRequest
from gateway.upstream.tokens.members import text_of, until
from gateway.upstream.tokens.secret_files import text_in
from gateway.upstream.tokens.sigv4 import AwsKeys
from gateway.upstream.tokens.token import ExpiringToken

_VERSION: Final = "2011-06-15"
_FORM: Final = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/xml"))
_SESSION_NAME: Final = "safeconduct"
_CHINA: Final = "cn-"
_SOVEREIGN: Final = "eusc-"


class WebIdentityAwsKeys:
    """Asks the security token service of the record's region. The file is read again for each renewal."""

    def __init__(self, members: Mapping[str, str], region: str, url: str = "") -> None:
        self._role, self._file = members["role_arn"], members["web_identity_token_file"]
        self._session_name = members.get("role_session_name", _SESSION_NAME)
        self._url = url or service_url(region)

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:
        """The role's key, for an hour unless the role says otherwise."""
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": _VERSION,
            "RoleArn": self._role,
            "RoleSessionName": self._session_name,
            "WebIdentityToken": await text_in(self._file),
        }
        answer = await endpoint.ask(TokenRequest("POST", self._url, _FORM, urlencode(form).encode()))
        members = _credentials(answer)
        keys = AwsKeys(
            text_of(members, "AccessKeyId"), text_of(members, "SecretAccessKey"), text_of(members, "SessionToken")
        )
        return ExpiringToken(keys, until(members.get("Expiration"), answer.at_s), skew_s=answer.skew_s)


def service_url(region: str) -> str:
    """The regional address of the security token service, by the partition of the region."""
    if region.startswith(_CHINA):
        return f"https://sts.{region}.amazonaws.com.cn/"
    return (
        f"https://sts.{region}.amazonaws.eu/"
        if region.startswith(_SOVEREIGN)
        else f"https://sts.{region}.amazonaws.com/"
    )


def _credentials(answer: TokenAnswer) -> Mapping[str, object]:
    """The members of `Credentials`, whatever namespace the document has. Documents with a type declaration are refused:
    they could grow without bound."""
    if b"<!" in answer.body or not answer.body.isascii() or b"\0" in answer.body:  # no other encoding hides one
        raise TokenFault("malformed")
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        raise TokenFault("malformed") from None
    credentials = next((element for element in root.iter() if _name(element) == "Credentials"), None)
    if credentials is None:
        raise TokenFault("malformed")
    return {_name(member): (member.text or "").strip() for member in credentials}


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
