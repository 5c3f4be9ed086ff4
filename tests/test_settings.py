"""The environment is read whole: every fault at once, by variable, with what to do, and without any value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from gateway.core.token_kinds import SourceSettings, TokenAuth
from gateway.settings import (
    ProviderAccess,
    Settings,
    SettingsRefused,
    default_of,
    provider_access,
    provider_variable,
    read,
    variable,
)
from tests.builders import a_connection

ROOT = Path(__file__).resolve().parents[1]
MARKER = "s3cret-marker-7f3a"
PROVIDERS = {
    "evroc": a_connection(),
    "azure": a_connection(),
    "azure-eu": a_connection(settings=("resource",)),
    "house": a_connection(settings=("base_url",)),
    "cloud": a_connection(settings=("region",), token=TokenAuth("aws", {"service": "s", "region": "{region}"})),
}


def refusal(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        read(environ)
    return [str(fault) for fault in refused.value.faults]


def provider_refusal(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        provider_access(environ, PROVIDERS)
    return [str(fault) for fault in refused.value.faults]


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read({})
    assert (settings.host, settings.port, settings.durability, settings.log_level) == (
        "127.0.0.1",
        8080,
        "power",
        "info",
    )
    assert (settings.connect_s, settings.first_event_s, settings.idle_s, settings.total_s) == (5, 60, 60, 600)
    assert (settings.max_body_bytes, settings.default_max_output) == (67_108_864, 8192)
    assert not settings.sandbox
    assert not settings.unsafe_allow_debug
    assert (settings.config, settings.policies) == (ROOT / "config", ROOT / "policies")


def test_the_environment_decides() -> None:
    settings = read(
        {
            "SAFECONDUCT_PORT": "0",
            "SAFECONDUCT_SANDBOX": "true",
            "SAFECONDUCT_STATE": "/var/lib/safeconduct",
            "SAFECONDUCT_IDLE_S": "1.5",
            "SAFECONDUCT_DURABILITY": "process",
        }
    )
    assert (settings.port, settings.sandbox, settings.state) == (0, True, Path("/var/lib/safeconduct"))
    assert (settings.idle_s, settings.durability) == (1.5, "process")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read({"SAFECONDUCT_PORT": "", "SAFECONDUCT_CONFIG": ""}) == read({})


def test_the_variables_of_vendors_and_of_this_process_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the mapping that was handed over counts."""
    monkeypatch.setenv("SAFECONDUCT_PORT", "9")
    assert read({"OPENAI_API_KEY": MARKER, "PORT": "1", "HOST": "h"}) == read({})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read({}).port = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("idle_s", "0"),
        ("idle_s", "nan"),
        ("total_s", "inf"),
        ("grace_s", "-1"),
        ("durability", "maybe"),
        ("log_level", "trace"),
        ("max_body_bytes", "12 MiB"),
        ("default_max_output", "0"),
        ("sandbox", "perhaps"),
    ],
)
def test_a_value_out_of_range_is_a_fault_of_its_variable(name: str, value: str) -> None:
    (fault,) = refusal({variable(name): value})
    assert fault.startswith(f"{variable(name)}: ")
    assert f"(default: {default_of(name)})" in fault


def test_every_fault_is_reported_at_once() -> None:
    faults = refusal({"SAFECONDUCT_PROT": "1", "SAFECONDUCT_PORT": "x", "SAFECONDUCT_IDLE_S": "x"})
    assert [fault.split(":")[0] for fault in faults] == [
        "SAFECONDUCT_PROT",
        "SAFECONDUCT_PORT",
        "SAFECONDUCT_IDLE_S",
    ]


def test_an_unknown_setting_names_the_nearest_one() -> None:
    assert refusal({"SAFECONDUCT_PROT": "1"}) == ["SAFECONDUCT_PROT: unknown setting; did you mean SAFECONDUCT_PORT?"]
    (far,) = refusal({"SAFECONDUCT_QQQQQQQQQ": "1"})
    assert "config/gateway.env.example" in far


def test_no_value_is_ever_printed() -> None:
    text_fields = {"host", "config", "policies", "state", "egress_no_proxy"}
    environ = {variable(name): MARKER for name in Settings.model_fields if name not in text_fields}
    with pytest.raises(SettingsRefused) as refused:
        read(environ)
    assert len(refused.value.faults) == len(environ)
    assert MARKER not in f"{refused.value}{refused.value!r}{refused.value.faults}"
    assert refused.value.__suppress_context__, "the library's error holds the values, and must not be shown"


# -- Providers


def test_a_credential_belongs_to_the_provider_its_variable_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{MARKER}\n")
    access = provider_access(
        {
            "SAFECONDUCT_PROVIDER_EVROC_KEY": "one",
            "SAFECONDUCT_PROVIDER_AZURE_EU_KEY_FILE": str(tmp_path / "key"),
            "SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE": "acme-sweden",
            "SAFECONDUCT_PORT": "1",
            "EVROC_API_KEY": "ignored",
        },
        PROVIDERS,
    )
    assert access == ProviderAccess(
        {"evroc": SecretStr("one"), "azure-eu": SecretStr(MARKER)}, {"azure-eu": {"resource": "acme-sweden"}}
    )
    assert MARKER not in f"{access}{access!r}"


def test_provider_keys_are_the_credentials_alone() -> None:
    environ = {"SAFECONDUCT_PROVIDER_HOUSE_KEY": "k", "SAFECONDUCT_PROVIDER_HOUSE_BASE_URL": "http://vllm:8000/v1"}
    assert provider_access(environ, PROVIDERS).keys == {"house": SecretStr("k")}


def test_no_variable_is_no_access() -> None:
    assert provider_access({}, PROVIDERS) == ProviderAccess({}, {})


@given(st.sampled_from(sorted(PROVIDERS)), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_any_key_that_a_header_can_carry_is_taken_as_it_is(provider: str, key: str) -> None:
    keys = provider_access({provider_variable(provider, "key"): f" {key}\n"}, PROVIDERS).keys
    assert keys[provider].get_secret_value() == key


@pytest.mark.parametrize("key", ["", "  ", "\n"])
def test_an_empty_key_says_what_to_do(key: str) -> None:
    assert provider_refusal({"SAFECONDUCT_PROVIDER_EVROC_KEY": key}) == [
        "SAFECONDUCT_PROVIDER_EVROC_KEY: the key is empty; give the provider's key, or unset it"
    ]


@pytest.mark.parametrize("key", [f"{MARKER}\r\nx-evil: 1", f"two {MARKER}", f"ключ-{MARKER}", f"{MARKER}\x00"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    (fault,) = provider_refusal({"SAFECONDUCT_PROVIDER_EVROC_KEY": key})
    assert fault.startswith("SAFECONDUCT_PROVIDER_EVROC_KEY: the key holds a space, a line break")
    assert MARKER not in fault


def test_both_a_key_and_its_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    environ = {"SAFECONDUCT_PROVIDER_EVROC_KEY": "k", "SAFECONDUCT_PROVIDER_EVROC_KEY_FILE": str(tmp_path / "key")}
    assert provider_refusal(environ) == [
        "SAFECONDUCT_PROVIDER_EVROC_KEY: SAFECONDUCT_PROVIDER_EVROC_KEY_FILE is set too; set one of them"
    ]


def test_a_key_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(MARKER.encode() + b"\xff")
    for name, why in (
        ("none", "the file it names does not exist"),
        (".", "the file it names cannot be read"),
        ("empty", "the key is empty"),
        ("binary", "it does not name a file with a key"),
        ("nul\x00", "it does not name a file with a key"),
    ):
        (fault,) = provider_refusal({"SAFECONDUCT_PROVIDER_EVROC_KEY_FILE": str(tmp_path / name)})
        assert fault.startswith(f"SAFECONDUCT_PROVIDER_EVROC_KEY_FILE: {why}; ")
        assert MARKER not in fault


def test_a_provider_that_does_not_exist_names_the_nearest_variable() -> None:
    assert provider_refusal({"SAFECONDUCT_PROVIDER_EVORC_KEY": "k"}) == [
        "SAFECONDUCT_PROVIDER_EVORC_KEY: no provider of this catalogue has that name; "
        "did you mean SAFECONDUCT_PROVIDER_EVROC_KEY?"
    ]


def test_a_setting_that_its_provider_lacks_lists_those_it_has() -> None:
    (fault,) = provider_refusal({"SAFECONDUCT_PROVIDER_AZURE_EU_REGION": "x"})
    assert fault == (
        "SAFECONDUCT_PROVIDER_AZURE_EU_REGION: azure-eu has no such setting; it takes "
        "SAFECONDUCT_PROVIDER_AZURE_EU_KEY, SAFECONDUCT_PROVIDER_AZURE_EU_KEY_FILE, "
        "SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE"
    )


def test_an_empty_setting_is_a_fault() -> None:
    assert provider_refusal({"SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE": " "}) == [
        "SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE: it is set but empty; give the resource of azure-eu, or unset it"
    ]


def test_every_fault_of_the_providers_is_reported_at_once() -> None:
    environ = {
        "SAFECONDUCT_PROVIDER_AZURE_KEY": "",
        "SAFECONDUCT_PROVIDER_NOBODY_KEY": "k",
        "safeconduct_provider_evroc_key": "k",
    }
    assert len(provider_refusal(environ)) == 3


# -- The example file


def test_the_example_lists_every_setting_with_its_default_and_unit() -> None:
    lines = (ROOT / "config" / "gateway.env.example").read_text().splitlines()
    listed = {
        match[1]: (match[2], lines[at - 1].removeprefix("# "))
        for at, line in enumerate(lines)
        if (match := re.fullmatch(r"# (SAFECONDUCT_(?!PROVIDER_)[A-Z_]+)=(.*)", line))
    }
    assert listed == {
        variable(name): (default_of(name), field.description) for name, field in Settings.model_fields.items()
    }


def test_the_example_uncommented_is_the_default() -> None:
    lines = (ROOT / "config" / "gateway.env.example").read_text().splitlines()
    pairs = [line[2:].partition("=") for line in lines if line.startswith("# SAFECONDUCT_") and "<" not in line]
    assert read({name: value for name, _, value in pairs}) == read({})


# -- Where budgets are shared


@pytest.mark.parametrize(
    "url",
    ["redis://h:1/0", "rediss://u:p@h", "unix:///run/redis", "redis+sentinel://a,b/books", "rediss+cluster://a,b"],
)
def test_an_address_of_redis_stands_in_a_variable_or_in_a_file(tmp_path: Path, url: str) -> None:
    file = tmp_path / "url"
    file.write_text(url + "\n")
    direct = read({"SAFECONDUCT_REDIS_URL": f" {url} "})
    by_file = read({"SAFECONDUCT_REDIS_URL_FILE": str(file)})
    assert direct.counters_url == by_file.counters_url == url
    assert url not in repr(direct) + repr(by_file)
    assert read({}).counters_url == ""


def test_an_address_that_is_none_is_refused_without_being_repeated(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"http://{MARKER}")
    given = [
        {"SAFECONDUCT_REDIS_URL": f"http://{MARKER}"},
        {"SAFECONDUCT_REDIS_URL_FILE": str(file)},
        {"SAFECONDUCT_REDIS_URL_FILE": str(tmp_path / MARKER)},
        {"SAFECONDUCT_REDIS_URL_FILE": str(file), "SAFECONDUCT_REDIS_URL": "redis://h"},
    ]
    for environ in given:
        (fault,) = refusal(environ)
        assert fault.startswith("SAFECONDUCT_REDIS_URL")
        assert MARKER not in fault


# -- Where receipts come together


@pytest.mark.parametrize("url", ["postgresql://u:p@h/ledger?sslmode=verify-full", "postgres:///ledger?host=/run/pg"])
def test_an_address_of_postgresql_stands_in_a_variable_or_in_a_file(tmp_path: Path, url: str) -> None:
    file = tmp_path / "url"
    file.write_text(url + "\n")
    direct = read({"SAFECONDUCT_LEDGER_URL": f" {url} "})
    by_file = read({"SAFECONDUCT_LEDGER_URL_FILE": str(file)})
    assert direct.postgres_url == by_file.postgres_url == url
    assert url not in repr(direct) + repr(by_file)
    assert read({}).postgres_url == ""


def test_an_address_of_another_store_is_refused_without_being_repeated(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"redis://{MARKER}")
    given = [
        {"SAFECONDUCT_LEDGER_URL": f"mysql://{MARKER}"},
        {"SAFECONDUCT_LEDGER_URL_FILE": str(file)},
        {"SAFECONDUCT_LEDGER_URL_FILE": str(file), "SAFECONDUCT_LEDGER_URL": "postgresql://h"},
    ]
    for environ in given:
        (fault,) = refusal(environ)
        assert fault.startswith("SAFECONDUCT_LEDGER_URL")
        assert MARKER not in fault


@pytest.mark.parametrize(
    "url", ["proxy.example:3128", "socks5://p:1", "http://", "http://p:none", "http://p/path", "http://p?q=1"]
)
def test_a_proxy_must_be_an_address_of_one(url: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read({"SAFECONDUCT_EGRESS_PROXY": url})
    [fault] = refused.value.faults
    assert fault.variable == "SAFECONDUCT_EGRESS_PROXY"


def test_roots_must_be_certificates(tmp_path: Path) -> None:
    words = tmp_path / "roots.pem"
    words.write_text("no certificate")
    for file in (words, tmp_path / "absent.pem"):
        with pytest.raises(SettingsRefused) as refused:
            read({"SAFECONDUCT_EGRESS_CA_FILE": str(file)})
        assert [fault.variable for fault in refused.value.faults] == ["SAFECONDUCT_EGRESS_CA_FILE"]


CLOUD = "SAFECONDUCT_PROVIDER_CLOUD_"


def test_a_source_of_tokens_stands_in_the_place_of_a_key(tmp_path: Path) -> None:
    secret = str(tmp_path / "secret")
    environ = {
        f"{CLOUD}REGION": "eu-central-1",
        f"{CLOUD}CREDENTIAL": "static",
        f"{CLOUD}ACCESS_KEY_ID": "AKID",
        f"{CLOUD}SECRET_ACCESS_KEY_FILE": secret,
        f"{CLOUD}SESSION_TOKEN": MARKER,
    }
    access = provider_access(environ, PROVIDERS)
    members = {"access_key_id": "AKID", "secret_access_key_file": secret, "session_token": MARKER}
    assert access.sources == {"cloud": SourceSettings("static", members)}
    assert access.settings == {"cloud": {"region": "eu-central-1"}}
    assert access.keys == {}
    assert MARKER not in repr(access)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"CREDENTIAL": "password"}, "CREDENTIAL: it names no source; name one of static, profile, container"),
        ({"CREDENTIAL": "process"}, "CREDENTIAL: it names no source; programs are never run; name one of"),
        ({"CREDENTIAL": "static", "ACCESS_KEY_ID": "a"}, "SECRET_ACCESS_KEY: it is missing"),
        ({"ACCESS_KEY_ID": "a"}, f"ACCESS_KEY_ID: {CLOUD}CREDENTIAL is not set"),
        ({"CREDENTIAL": "profile", "PROFILE_FILE": "p", "ACCESS_KEY_ID": "a"}, "ACCESS_KEY_ID: profile has no such"),
        ({"CREDENTIAL": "profile", "PROFILE_FILE": ""}, "PROFILE_FILE: it is empty"),
        ({"CREDENTIAL": "profile", "PROFILE_FILE": "p", "KEY": "k"}, f"CREDENTIAL: {CLOUD}KEY is set too"),
        (
            {"CREDENTIAL": "static", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "SECRET_ACCESS_KEY_FILE": "c"},
            f"SECRET_ACCESS_KEY: {CLOUD}SECRET_ACCESS_KEY_FILE is set too",
        ),
    ],
)
def test_a_source_of_tokens_that_is_not_whole_says_what_to_do(environ: dict[str, str], fault: str) -> None:
    [said] = provider_refusal({f"{CLOUD}{name}": value for name, value in environ.items()})
    assert fault in said


def test_a_record_without_tokens_has_no_source() -> None:
    [said] = provider_refusal({"SAFECONDUCT_PROVIDER_EVROC_CREDENTIAL": "static"})
    assert "evroc has no such setting" in said


def test_a_member_that_is_not_given_is_read_from_the_variable_of_the_platform() -> None:
    environ = {
        f"{CLOUD}CREDENTIAL": "web-identity",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token",
    }
    members = {"role_arn": "arn:aws:iam::1:role/r", "web_identity_token_file": "/var/run/token"}
    assert provider_access(environ, PROVIDERS).sources == {"cloud": SourceSettings("web-identity", members)}
    environ |= {f"{CLOUD}ROLE_ARN": "arn:aws:iam::1:role/other"}
    assert provider_access(environ, PROVIDERS).sources["cloud"].members["role_arn"].endswith("/other")
    container = {f"{CLOUD}CREDENTIAL": "container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"}
    assert provider_access(container, PROVIDERS).sources["cloud"].members == {"authorization_token_file": "/token"}


def test_variables_of_a_platform_alone_open_nothing() -> None:
    assert provider_access({"AWS_ROLE_ARN": "arn", "AWS_ACCESS_KEY_ID": "k"}, PROVIDERS).sources == {}


def test_a_setting_for_which_the_record_does_not_hold_is_refused() -> None:
    connection = a_connection(settings=("region",), values={"region": ("eu-central-1", "eu-west-1")})
    name = "SAFECONDUCT_PROVIDER_CLOUD_REGION"
    assert provider_access({name: "eu-west-1"}, {"cloud": connection}).settings["cloud"] == {"region": "eu-west-1"}
    with pytest.raises(SettingsRefused) as refused:
        provider_access({name: "eu-central-2"}, {"cloud": connection})
    [fault] = refused.value.faults
    assert str(fault) == (
        f"{name}: the statements of cloud do not hold for this region; give one of eu-central-1, eu-west-1"
    )
