"""What the environment opens."""

from __future__ import annotations

import pytest

from gateway import sandbox
from gateway.compose.providers import access, in_force
from gateway.core.catalog import Auth
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from gateway.settings import SettingsRefused, read
from tests.builders import a_connection, a_model, a_provider, a_route, a_snapshot

SETTINGS = read({})


def two_providers() -> Snapshot:
    needs = a_connection(base_url="https://{resource}.example/v1", settings=("resource",))
    return a_snapshot(a_route("alpha"), a_route(a_provider("beta", connection=needs)))


def test_a_provider_is_open_by_its_own_credential_only() -> None:
    opened = access(two_providers(), {"SAFECONDUCT_PROVIDER_ALPHA_KEY": "MARKER", "OPENAI_API_KEY": "sk-other"})
    assert opened.credentials == {"alpha": "MARKER"}
    now = in_force(two_providers(), opened, SETTINGS)
    assert set(now.targets) == {"alpha"}
    assert now.means.credentials == {"alpha"}
    assert now.means.unset == {"beta": ("resource",)}
    assert now.means.spoken == REGISTRY.names


def test_an_address_that_needs_a_setting_is_called_once_it_is_given() -> None:
    environ = {"SAFECONDUCT_PROVIDER_BETA_KEY": "MARKER", "SAFECONDUCT_PROVIDER_BETA_RESOURCE": "ours"}
    now = in_force(two_providers(), access(two_providers(), environ), SETTINGS)
    assert now.means.unset == {}
    assert now.targets["beta"].url("/chat/completions") == "https://ours.example/v1/chat/completions"
    half = access(two_providers(), {"SAFECONDUCT_PROVIDER_BETA_KEY": "MARKER"})
    assert in_force(two_providers(), half, SETTINGS).targets == {}


def test_a_provider_that_cannot_be_called_has_no_target_whatever_is_set() -> None:
    closed = a_provider("alpha", connection=a_connection(why_not="needs a contract"))
    snapshot = a_snapshot(a_route(closed))
    now = in_force(snapshot, access(snapshot, {"SAFECONDUCT_PROVIDER_ALPHA_KEY": "x"}), SETTINGS)
    assert now.targets == {}


def test_a_server_that_asks_for_no_credential_is_open_without_one() -> None:
    ours = a_provider("alpha", connection=a_connection(auth=Auth.NONE, base_url="http://vllm.internal:8000/v1"))
    snapshot = a_snapshot(a_route(ours))
    now = in_force(snapshot, access(snapshot, {}), SETTINGS)
    assert now.means.credentials == {"alpha"}
    assert not any("authorization" in name for name, _ in now.targets["alpha"].headers)


def test_a_credential_for_nobody_refuses() -> None:
    with pytest.raises(SettingsRefused) as refused:
        access(two_providers(), {"SAFECONDUCT_PROVIDER_GAMMA_KEY": "MARKER"})
    assert "SAFECONDUCT_PROVIDER_GAMMA_KEY" in str(refused.value)
    assert "MARKER" not in str(refused.value)


def test_the_sandbox_is_open_only_where_it_is_declared() -> None:
    assert access(two_providers(), {}).credentials == {}
    persona = a_provider("sandbox-se", sandbox=True, connection=a_connection(settings=("port",)))
    snapshot = a_snapshot(a_route("alpha"), a_route(persona, a_model("sandbox-small")))
    assert set(access(snapshot, {}).credentials) == set(sandbox.PERSONAS)
