"""What stands in deploy/ and docs/ agrees with the program: settings, endpoints, error codes, deadlines, hardening.

Comments are cut off first: a line that was commented out is a line that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args, get_type_hints
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route

from gateway.__main__ import COMMANDS
from gateway.asgi.app import Guard, application
from gateway.asgi.request_context import Gate
from gateway.core import errors
from gateway.dialects.registry import REGISTRY
from gateway.settings import PROVIDER_PREFIX, Settings, default_of, provider_variable, read, variable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


def lines(name: str) -> list[str]:
    """The lines of a file in deploy/ that mean something, without comments and indentation."""
    text = re.sub(r"(^|\s)#.*", "", (DEPLOY / name).read_text(), flags=re.MULTILINE)
    return [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def after(name: str, start: str) -> str:
    """What follows `start` on the one line of that file that begins with it."""
    (found,) = [line.removeprefix(start).strip() for line in lines(name) if line.startswith(start)]
    return found


def seconds(name: str) -> float:
    return float(default_of(name))


LEAVING_S = seconds("grace_s") + seconds("drain_s") + 2  # 2: last words, and closing


# Settings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_in_deploy_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"SAFECONDUCT_[A-Z_]*[A-Z]", path.read_text())) - {PROVIDER_PREFIX.rstrip("_")}
    known = {variable(name) for name in Settings.model_fields}
    assert {name for name in named - known if not name.startswith(PROVIDER_PREFIX)} == set()


@pytest.mark.parametrize("path", [*FILES, *sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"], ids=lambda p: p.name)
def test_every_credential_that_is_named_belongs_to_a_record(path: Path) -> None:
    records = {record.stem for record in (ROOT / "config/catalog").glob("*.toml")} | {"our-vllm"}
    known = {provider_variable(id, setting) for id in records for setting in ("key", "key_file")}
    named = set(re.findall(PROVIDER_PREFIX + r"[A-Z][A-Z_]*_KEY(?:_FILE)?", path.read_text()))
    assert named - known == set()


# The image


def test_the_image_ends_as_a_user_without_rights() -> None:
    last_stage = "\n".join(lines("Containerfile")).split("FROM ")[-1].splitlines()
    (user,) = [line.split()[1] for line in last_stage if line.startswith("USER ")]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_the_image_comes_from_a_plain_name() -> None:
    images = [line.split()[1] for line in lines("Containerfile") if line.startswith("FROM ")]
    assert images != []
    assert {image for image in images if not re.fullmatch(r"python:3\.\d+-slim", image)} == set()


def copied() -> Iterator[str]:
    for line in lines("Containerfile"):
        if line.startswith("COPY ") and "--from" not in line:
            yield from line.split()[1:-1]


@pytest.mark.parametrize("name", sorted(copied()))
def test_what_the_build_copies_exists_and_may_be_seen(name: str) -> None:
    assert (ROOT / name).exists()
    assert f"!{name}" in lines("Containerfile.dockerignore")


def test_the_build_sees_nothing_else() -> None:
    allowed = [line.removeprefix("!") for line in lines("Containerfile.dockerignore") if line.startswith("!")]
    assert lines("Containerfile.dockerignore")[0] == "*"
    assert [
        secret for secret in (".safeconduct", ".git", "deploy", "secrets") if any(fnmatch(secret, a) for a in allowed)
    ] == []


COMPOSED = ("compose.single.yaml", "compose.yaml")


@pytest.mark.parametrize("name", ["Containerfile", *COMPOSED])
def test_health_is_asked_where_the_program_answers(name: str) -> None:
    ((port, path),) = set(re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", "\n".join(lines(name))))
    assert port == default_of("port")
    assert ("GET", path) in served()


# Containers


def service(file: str, name: str) -> list[str]:
    """The lines of one service, with those that all contained services share in their place."""
    text = re.sub(r"(^|[ \t]+)#.*", "", (DEPLOY / file).read_text(), flags=re.MULTILINE)
    (services,) = re.findall(r"^services:\n((?: .*\n|\n)*)", text, re.MULTILINE)
    (block,) = re.findall(rf"^  {name}:\n((?:    .*\n|\n)*)", services, re.MULTILINE)
    shared = re.findall(r"^x-contained: &contained\n((?:  .*\n)*)", text, re.MULTILINE)
    return [line.strip() for line in block.replace("<<: *contained", "".join(shared)).splitlines() if line.strip()]


def value(file: str, name: str, start: str) -> str:
    (found,) = [line.removeprefix(start).strip() for line in service(file, name) if line.startswith(start)]
    return found


@pytest.mark.parametrize("file", COMPOSED)
@pytest.mark.parametrize(
    "fact",
    [
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "core: 0",
        "- ../config:/etc/safeconduct/config:ro",
        "- ../policies:/etc/safeconduct/policies:ro",
        "- state:/var/lib/safeconduct",
    ],
)
def test_the_container_may_do_little(file: str, fact: str) -> None:
    assert fact in service(file, "gateway")


@pytest.mark.parametrize(("file", "name"), [("compose.single.yaml", "gateway"), ("compose.yaml", "proxy")])
def test_one_port_is_open_and_on_loopback(file: str, name: str) -> None:
    published = [line for line in lines(file) if re.match(r'- "?[\d.:]+:\d+"?$', line)]
    assert published == ['- "127.0.0.1:8080:8080"']
    assert published[0] in service(file, name)


@pytest.mark.parametrize("file", COMPOSED)
def test_the_container_has_no_swap(file: str) -> None:
    assert value(file, "gateway", "mem_limit:") == value(file, "gateway", "memswap_limit:")


@pytest.mark.parametrize("file", COMPOSED)
def test_the_container_is_not_killed_while_it_drains(file: str) -> None:
    assert float(value(file, "gateway", "stop_grace_period:").removesuffix("s")) > LEAVING_S


@pytest.mark.parametrize("file", COMPOSED)
def test_scratch_space_is_memory_that_nothing_runs_from(file: str) -> None:
    scratch = value(file, "gateway", "- /tmp")
    assert {"noexec", "nosuid", "nodev"} <= set(scratch.removeprefix(":").split(","))


# Everything together

SERVICES = ("gateway", "proxy", "counters", "ledger")


def test_two_gateways_share_a_redis_and_a_ledger_that_are_among_the_services() -> None:
    gateway = service("compose.yaml", "gateway")
    environment = dict(re.findall(r"^(SAFECONDUCT_\w+): (.*)$", "\n".join(gateway), re.MULTILINE))
    settings = read(environment)
    assert settings.workers == 2
    assert urlsplit(settings.counters_url).hostname in SERVICES
    assert "@ledger/safeconduct" in settings.postgres_url
    for name in ("counters", "ledger"):
        assert f"{name}: {{condition: service_healthy}}" in gateway


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_asked_how_it_is_gains_no_rights_and_comes_back(name: str) -> None:
    block = service("compose.yaml", name)
    assert "healthcheck:" in block
    assert value("compose.yaml", name, "test:").startswith("[CMD, ")
    assert {"cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "restart: unless-stopped"} <= set(block)


@pytest.mark.parametrize("name", ["counters", "ledger"])
def test_what_keeps_the_books_is_reached_by_the_gateway_alone(name: str) -> None:
    assert value("compose.yaml", name, "networks:") == "[books]"
    assert value("compose.yaml", "proxy", "networks:") == "[front]"
    assert re.search(r"^  books:\n    internal: true", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE)


def test_redis_drops_no_counter_and_keeps_a_log() -> None:
    command = value("compose.yaml", "counters", "command:")
    assert "--maxmemory-policy, noeviction" in command
    assert '--appendonly, "yes"' in command


def test_the_proxy_leaves_after_the_gateway() -> None:
    of = {name: float(value("compose.yaml", name, "stop_grace_period:").removesuffix("s")) for name in SERVICES[:2]}
    assert of["proxy"] > of["gateway"]


def test_the_proxy_reads_its_own_file_and_calls_the_gateway_at_its_port() -> None:
    assert "- ./compose.nginx.conf:/etc/nginx/nginx.conf:ro" in service("compose.yaml", "proxy")
    assert f"server gateway:{default_of('port')};" in lines("compose.nginx.conf")


# One node


@pytest.mark.parametrize(
    "fact",
    """DynamicUser=yes NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes PrivateTmp=yes PrivateDevices=yes
    CapabilityBoundingSet= LimitCORE=0 MemorySwapMax=0 UMask=0077 StateDirectoryMode=0700 StateDirectory=safeconduct
    SystemCallFilter=@system-service Environment=SAFECONDUCT_STATE=/var/lib/safeconduct""".split(),
)
def test_the_service_may_do_little(fact: str) -> None:
    assert fact in lines("safeconduct.service")


def test_the_service_is_not_killed_while_it_drains() -> None:
    assert float(after("safeconduct.service", "TimeoutStopSec=")) > LEAVING_S


def test_workers_of_the_service_are_told_once_to_end() -> None:
    assert after("safeconduct.service", "KillMode=") == "mixed"


@pytest.mark.parametrize("start", ["ExecStart=", "ExecStartPre="])
def test_the_service_calls_commands_that_exist(start: str) -> None:
    program, command, *_ = after("safeconduct.service", start).split()
    assert Path(program).name == "safeconduct"
    assert command in COMMANDS


# The proxy in front

PROXIES = ("nginx.conf", "compose.nginx.conf")


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize(
    "fact",
    [
        "proxy_buffering off;",
        "proxy_request_buffering off;",
        "proxy_cache off;",
        "proxy_next_upstream error;",
        "proxy_http_version 1.1;",
        "access_log off;",
        "gzip off;",
    ],
)
def test_the_proxy_keeps_nothing_and_repeats_nothing(name: str, fact: str) -> None:
    assert fact in lines(name)


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxy_repeats_no_request_that_was_sent(name: str) -> None:
    assert not [line for line in lines(name) if "non_idempotent" in line.partition("#")[0]]


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxy_closes_an_idle_connection_before_the_gateway_does(name: str) -> None:
    assert float(after(name, "keepalive_timeout").removesuffix("s;")) < seconds("keep_alive_s")


def test_the_proxy_that_the_world_reaches_speaks_tls() -> None:
    assert "listen 443 ssl;" in lines("nginx.conf")


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxy_is_more_patient_than_the_gateway(name: str) -> None:
    assert float(after(name, "proxy_read_timeout").removesuffix("s;")) > seconds("total_s")


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxy_takes_what_the_gateway_takes(name: str) -> None:
    assert int(after(name, "client_max_body_size").removesuffix("m;")) * 2**20 == int(default_of("max_body_bytes"))


# The HTTP reference


def served() -> set[tuple[str, str]]:
    """(method, path) of everything a client reaches; what a path takes is written {}."""
    app = application(cast(Gate, SimpleNamespace(services=SimpleNamespace(dialects=REGISTRY))))
    assert isinstance(app, Guard)
    routes = [route for route in app._ours.routes if isinstance(route, Route)]
    ours = {
        (method, re.sub(r"\{[^}]*\}", "{}", route.path))
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    posted = {("POST", f"/v1{path}") for path in REGISTRY.paths}
    verbs = {("POST", f"/v1beta/models/{{}}:{verb}") for verb in REGISTRY.verbs}
    return ours | posted | verbs | {("GET", "/v1/models"), ("GET", "/v1/models/{}")}


def section(title: str) -> str:
    (found,) = re.findall(
        rf"^## {title}\n(.*?)(?=^## |\Z)", (ROOT / "docs/http.md").read_text(), re.DOTALL | re.MULTILINE
    )
    return str(found)


def test_the_reference_has_every_endpoint_and_no_other() -> None:
    written = re.findall(r"`(GET|POST) (/[^`?\s]*)", section("Endpoints for clients"))
    assert {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in written} == served()


def kinds(above: type[errors.Ended] = errors.Ended) -> Iterator[type[errors.Ended]]:
    for kind in above.__subclasses__():
        yield kind
        yield from kinds(kind)


def codes() -> set[tuple[str, str]]:
    """(status, code) of everything that a client may be told."""
    several = {errors.InvalidRequest, errors.Unavailable, errors.KeptStateRefused}
    theirs: set[type[errors.Ended]] = {errors.PromptTooLong, errors.UpstreamRefused}
    told = set(kinds()) - several - theirs - {errors.Refused, errors.UpstreamEnded, errors.ClientLeft}
    pairs = {(str(kind.status), kind.code) for kind in told}
    malformed = (errors.InvalidRequest("", code=code) for code in get_args(errors.Malformed))
    pairs |= {(str(ended.status), ended.code) for ended in malformed}
    out_of_order = get_args(get_type_hints(errors.Unavailable.__init__)["code"])
    pairs |= {(str(errors.Unavailable.status), code) for code in out_of_order}
    pairs |= {(str(errors.KeptStateRefused.status), code) for code in errors.KEPT_STATE_CODES}
    return pairs | {("4xx, as the provider's", kind.code) for kind in theirs}


def test_the_reference_has_every_error_and_no_other() -> None:
    rows = re.findall(r"^\| (\d{3}|4xx[^|]*?) \| `(\w+)` \|", section("Errors"), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == codes()


def test_the_reference_says_what_to_do_about_every_error() -> None:
    rows = re.findall(r"^\| (?:\d{3}|4xx).*\|$", section("Errors"), re.MULTILINE)
    assert len(rows) == len(codes())
    assert [row for row in rows if not row.split("|")[-2].strip()] == []
