"""Each source that an operator can name has a credential."""

from __future__ import annotations

import pytest

from gateway.core.token_kinds import TOKEN_KINDS, SourceSettings
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.sources import TokenSpec, credential_of

SOURCES = [(kind, source) for kind, known in TOKEN_KINDS.items() for source in known.sources]


def a_spec(kind: str = "aws", source: str = "static", provider: str = "cloud", value: str = "hush") -> TokenSpec:
    members = {member.name: value for member in TOKEN_KINDS[kind].sources[source] if not member.is_optional}
    parameters = dict.fromkeys(TOKEN_KINDS[kind].parameters, "x")
    return TokenSpec(provider, kind, parameters, SourceSettings(source, members))


@pytest.mark.parametrize(("kind", "source"), SOURCES)
def test_every_source_of_every_kind_makes_a_credential_without_io(kind: str, source: str) -> None:
    credential = credential_of(a_spec(kind, source), TokenEndpoint())
    assert credential.renewable
    assert "hush" not in repr(credential)


def test_a_spec_hides_its_members() -> None:
    assert "hush" not in repr(a_spec())
