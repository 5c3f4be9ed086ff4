"""AWS access keys that the operator holds: set in the environment or in files, or kept in a profile file."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from typing import Final

from gateway.core.token_kinds import TOKEN_KINDS, SourceMember
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.secret_files import LOOK_AGAIN_S, secret_of, text_in
from gateway.upstream.tokens.sigv4 import AwsKeys
from gateway.upstream.tokens.token import ExpiringToken

_MEMBERS: Final[Mapping[str, SourceMember]] = {member.name: member for member in TOKEN_KINDS["aws"].sources["static"]}
_SESSION_TOKENS: Final = ("aws_session_token", "aws_security_token")


class StaticAwsKeys:
    """An access key, for as long as the operator leaves it; parts in files are read again when they change."""

    def __init__(self, members: Mapping[str, str]) -> None:
        self._members = members

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:  # noqa: ARG002  # no endpoint is asked
        """The key."""
        members = self._members
        secret = await secret_of(members, _MEMBERS["secret_access_key"])
        session = await secret_of(members, _MEMBERS["session_token"])
        reads_files = any(name.endswith("_file") for name in members)
        keys = AwsKeys(members["access_key_id"], secret, session)
        return ExpiringToken(keys, again_s=LOOK_AGAIN_S if reads_files else None)


class ProfileAwsKeys:
    """An access key in a profile of a credentials file (INI). Other files, home directories and programs are ignored.

    A profile with `credential_process`, or without a key, is refused: programs are never run.
    """

    def __init__(self, members: Mapping[str, str]) -> None:
        self._file, self._profile = members["profile_file"], members.get("profile", "default")

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:  # noqa: ARG002  # no endpoint is asked
        """The key that the file holds now."""
        return ExpiringToken(self._keys(await text_in(self._file)), again_s=LOOK_AGAIN_S)

    def _keys(self, text: str) -> AwsKeys:
        parser = configparser.RawConfigParser(default_section="", strict=False)
        try:
            parser.read_string(text)
            values = dict(parser.items(self._profile))
        except configparser.Error:  # it holds a line of the file
            raise TokenFault("file") from None
        if "credential_process" in values:
            raise TokenFault("program")
        session = next((values[name] for name in _SESSION_TOKENS if values.get(name)), "")
        keys = (values.get("aws_access_key_id", ""), values.get("aws_secret_access_key", ""), session)
        if not all(keys[:2]) or not all("!" <= c <= "~" for c in "".join(keys)):
            raise TokenFault("file")
        return AwsKeys(*keys)
