"""What the environment opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import sandbox
from gateway.compose.providers import access, egress, in_force
from gateway.core.catalog import Auth
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from gateway.settings import SettingsRefused, read
from gateway.upstream.address import Origin
from gateway.upstream.credentials import NO_CREDENTIAL
from gateway.upstream.egress import DIRECT
from tests.builders import a_connection, a_model, a_provider, a_route, a_snapshot
from tests.upstream.calling import LOOPBACK_PEM

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
    assert now.targets["beta"].base_url == "https://ours.example/v1"
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
    assert now.targets["alpha"].credential is NO_CREDENTIAL


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


def test_the_way_out_follows_the_settings(tmp_path: Path) -> None:
    secret = tmp_path / "proxy"
    secret.write_text("http://user:pass@proxy.example:3128\n")
    rules = egress(
        read(
            {
                "SAFECONDUCT_EGRESS_PROXY_FILE": str(secret),
                "SAFECONDUCT_EGRESS_NO_PROXY": "internal.example, 10.0.0.0/8,",
                "SAFECONDUCT_EGRESS_CA_FILE": str(LOOPBACK_PEM),
                "SAFECONDUCT_EGRESS_CONNECTIONS": "7",
            }
        )
    )
    assert rules.proxy is not None
    assert rules.proxy.origin == Origin("proxy.example", 3128, False)
    assert rules.direct == ("internal.example", "10.0.0.0/8")
    assert (rules.authorities, rules.connections_per_origin) == (LOOPBACK_PEM, 7)
    assert egress(SETTINGS) == DIRECT


def test_a_reload_that_adds_a_record_without_tls_opens_it() -> None:
    """The fact stands in the target; nothing about plain HTTP is computed once at the start."""
    ours = a_provider("vllm", connection=a_connection(auth=Auth.NONE, base_url="http://vllm.internal:8000/v1"))
    before, after = two_providers(), a_snapshot(a_route("alpha"), a_route(ours))
    assert "vllm" not in in_force(before, access(before, {}), SETTINGS).targets
    now = in_force(after, access(after, {}), SETTINGS)
    assert now.targets["vllm"].address.origin == Origin("vllm.internal", 8000, False)
