"""Knobs and secrets from the environment: every variable that begins with SAFECONDUCT_.

Every fault is reported at once, by variable and with the next step, and never with a value: the value may be a secret.
The vendors' own variables (`OPENAI_API_KEY`, …) are ignored: a credential belongs to exactly one provider record.
`config/gateway.env.example` lists each variable with its default and unit.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.core.catalog import Connection
from gateway.core.token_kinds import TOKEN_KINDS, SourceMember, SourceSettings, TokenKind

PREFIX: Final = "SAFECONDUCT_"
PROVIDER_PREFIX: Final = "SAFECONDUCT_PROVIDER_"
SCHEMES: Final = {
    "redis_url": (
        "redis://",
        "rediss://",
        "unix://",
        "redis+sentinel://",
        "redis+cluster://",
        "rediss+sentinel://",
        "rediss+cluster://",
    ),
    "ledger_url": ("postgresql://", "postgres://"),
    "egress_proxy": ("http://", "https://"),
}
"""Accepted beginnings of the address in each setting."""

_SECRET_FILE_MOST: Final = 65_536
_PROGRAMS: Final = ("process", "credential_process", "credential-process", "executable")

Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


def _shipped(name: str) -> Path:
    """The documents of the installed package, or of the checkout it runs from."""
    house = Path(__file__).resolve().parent
    inside = house / "shipped" / name
    return inside if inside.is_dir() else house.parent / name


class Settings(BaseSettings):
    """Every knob, its unit in its description. Made by `read`; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on for clients."""
    port: int = Field(8080, ge=0, le=65_535)
    """TCP port for clients; 0 takes a free one."""
    workers: int = Field(1, ge=1, le=64)
    """Processes that serve the port together; more than one need a Redis for their budgets."""
    config: Path = Field(default_factory=lambda: _shipped("config"))
    """Directory of the documents that say what is; empty: the shipped ones."""
    policies: Path = Field(default_factory=lambda: _shipped("policies"))
    """Directory of the policies; empty: the shipped ones."""
    state: Path = Path(".safeconduct")
    """Directory of the journal, the admin socket and the documents that served."""
    durability: Literal["power", "process"] = "power"
    """Events that a commit survives: power (a power cut) or process (kill -9, but no power cut)."""
    redis_url: SecretStr = SecretStr("")
    """Redis for shared budgets: redis(s)://, unix://, redis(s)+sentinel://, redis(s)+cluster://; empty: none."""
    redis_url_file: Path | None = None
    """File that holds the address of Redis, instead of the variable."""
    ledger_url: SecretStr = SecretStr("")
    """PostgreSQL for receipts and keys of many gateways: postgresql://; empty: each gateway has its own."""
    ledger_url_file: Path | None = None
    """File that holds the address of PostgreSQL, instead of the variable."""
    ledger_months: int = Field(0, ge=0, le=1200)
    """Whole months of receipts that PostgreSQL keeps beside the present one; 0: all. Sums by day stay."""
    disk_reserve_mb: int = Field(64, ge=0, le=1_000_000)
    """Free megabytes below which nothing new is admitted, so that what is under way can be booked; 0: none."""
    egress_proxy: SecretStr = SecretStr("")
    """Proxy on the way to providers: http://[user:password@]host:port or https://…, by CONNECT; empty: none."""
    egress_proxy_file: Path | None = None
    """File that holds the address of the proxy, instead of the variable."""
    egress_no_proxy: str = ""
    """Hosts reached without the proxy, with commas: names (and subdomains), addresses, networks. Loopback always is."""
    egress_ca_file: Path | None = None
    """PEM file of roots to trust beside the system's, at providers and at the proxy."""
    egress_connections: int = Field(1000, ge=1, le=65_535)
    """Connections to one provider's origin at once, per process; more calls wait up to the connect deadline."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least grave event that is logged: debug, info, warning or error. No level logs content."""
    connect_s: Seconds = 5
    """Seconds to connect to a provider."""
    first_event_s: Seconds = 60
    """Seconds from sending a streaming request to the provider's first content."""
    whole_s: Seconds = 300
    """Seconds from sending a request to the end of a reply that is not streamed."""
    idle_s: Seconds = 60
    """Seconds between two pieces of a provider's content."""
    total_s: Seconds = 600
    """Seconds for an exchange in all."""
    request_s: Seconds = 30
    """Seconds to receive a client's request."""
    keep_alive_s: Seconds = 620
    """Seconds between two requests of one connection; a load balancer in front must close its connections earlier."""
    grace_s: float = Field(2, ge=0, le=600, allow_inf_nan=False)
    """Seconds between SIGTERM and closing the listener: answers not ready, so that a load balancer learns of it."""
    drain_s: Seconds = 30
    """Seconds that exchanges in flight have to end after SIGTERM or SIGINT."""
    cooldown_s: Seconds = 5
    """Seconds that a route is left alone after it failed repeatedly; doubled each time it fails again."""
    max_body_bytes: int = Field(64 * 2**20, ge=1024, le=2**31)
    """Largest request body, in bytes."""
    max_arriving_bytes_of_key: int = Field(128 * 2**20, ge=1024, le=2**40)
    """Request bodies of one key that are still arriving, in bytes per worker; more of them get 429."""
    max_arriving_bytes: int = Field(512 * 2**20, ge=1024, le=2**40)
    """Request bodies of all keys that are still arriving, in bytes per worker; more of them get 503."""
    default_max_output: int = Field(8192, ge=1, le=10_000_000)
    """Output limit in tokens where neither the client nor the model's document states one."""
    pages: Literal["public", "signed-in", "off"] | None = None
    """Pages for people: public, signed-in or off; empty: public in the sandbox, else signed-in."""
    sandbox: bool = False
    """true or false: the bundled provider on loopback, for first contact and tests."""
    sandbox_pace_ms: int = Field(20, ge=0, le=10_000)
    """Milliseconds between two words of the sandbox's stream."""
    sandbox_slow_ms: int = Field(1500, ge=0, le=600_000)
    """Milliseconds before the first token of sandbox-slow."""
    unsafe_allow_debug: bool = False
    """true or false: start although Python or a tracer would record content. Only where no real prompt will pass."""

    @field_validator("redis_url", "ledger_url", "egress_proxy")
    @classmethod
    def _is_an_address(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        return _address(str(info.field_name), url)

    @field_validator("redis_url_file", "ledger_url_file", "egress_proxy_file")
    @classmethod
    def _names_an_address(cls, file: Path | None, others: ValidationInfo) -> Path | None:
        name = str(others.field_name).removesuffix("_file")
        if file is not None:
            if others.data.get(name):
                raise ValueError(f"{variable(name)} is set too")
            _address(name, _in_file(file))
        return file

    @field_validator("egress_ca_file")
    @classmethod
    def _holds_roots(cls, file: Path | None) -> Path | None:
        if file is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
            except OSError:  # an SSLError is one
                raise ValueError("the file it names must hold certificates in PEM that can be read") from None
        return file

    @property
    def proxy_url(self) -> str:
        """The address of the proxy, from its variable or its file; empty without a proxy."""
        address = self.egress_proxy if self.egress_proxy_file is None else _in_file(self.egress_proxy_file)
        return address.get_secret_value().strip()

    @property
    def pages_shown(self) -> Literal["public", "signed-in", "off"]:
        """`pages`, or what stands for an empty one."""
        return self.pages or ("public" if self.sandbox else "signed-in")

    @property
    def hosts_without_proxy(self) -> tuple[str, ...]:
        """The entries of `egress_no_proxy`."""
        return tuple(entry.strip() for entry in self.egress_no_proxy.split(",") if entry.strip())

    @property
    def counters_url(self) -> str:
        """The address of Redis, wherever it stands; empty where one process counts alone."""
        url = self.redis_url if self.redis_url_file is None else _in_file(self.redis_url_file)
        return url.get_secret_value().strip()

    @property
    def postgres_url(self) -> str:
        """The address of the shared ledger, wherever it stands; empty where each journal is its own ledger."""
        url = self.ledger_url if self.ledger_url_file is None else _in_file(self.ledger_url_file)
        return url.get_secret_value().strip()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read` hands over: the environment is an argument here, not a global."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class SettingsFault:
    """One thing wrong with the environment. Names a variable, never its value."""

    variable: str
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.what}; {self.do}"


class SettingsRefused(Exception):
    """The environment holds faults; `faults` has every one."""

    def __init__(self, faults: Iterable[SettingsFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """Keys and sources of tokens by provider id, and the settings that addresses need, by id and name."""

    keys: Mapping[str, SecretStr]
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)


def variable(name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return PREFIX + name.upper()


def read(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsRefused with every fault at once, variables of no meaning included."""
    faults = _unknown(environ)
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    try:
        settings = Settings(**source())
    except ValidationError as error:
        # The error carries the input: only the field and the library's words for its type are taken from it.
        wrong = error.errors(include_input=False, include_context=False, include_url=False)
        faults += [_invalid(str(e["loc"][0]), e["msg"]) for e in wrong]
    else:
        if not faults:
            return settings
    raise SettingsRefused(faults) from None


def _invalid(name: str, what: str) -> SettingsFault:
    about = (Settings.model_fields[name].description or "").rstrip(".")
    default = default_of(name) or ("the shipped ones" if name in ("config", "policies") else "none")
    return SettingsFault(variable(name), what[0].lower() + what[1:], f"it takes: {about} (default: {default})")


def default_of(name: str) -> str:
    """A field's default as the environment would write it; empty for the shipped documents."""
    default = Settings.model_fields[name].default
    if name in ("config", "policies"):
        return ""
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _address(name: str, url: SecretStr) -> SecretStr:
    said = url.get_secret_value().strip()
    if said and not said.startswith(SCHEMES[name]):
        raise ValueError(f"it must begin with one of {', '.join(SCHEMES[name])}")
    if name == "egress_proxy" and said and not _is_origin(said):
        raise ValueError("it must be a scheme, a host and a port, without a path")
    return SecretStr(said)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port != 0 and url.isascii()) and f"{parts.path}{parts.query}" in ("", "/")
    except ValueError:
        return False


def _in_file(path: Path) -> SecretStr:
    """The content of the file. ValueError, without content, for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            return SecretStr(file.read(_SECRET_FILE_MOST).decode("ascii"))
    except (OSError, ValueError):
        raise ValueError("the file it names cannot be read") from None


def _unknown(environ: Mapping[str, str]) -> list[SettingsFault]:
    known = [variable(name) for name in Settings.model_fields]
    return [
        SettingsFault(name, "unknown setting", _near(name, known))
        for name in sorted(environ)
        if name.upper().startswith(PREFIX)
        and not name.upper().startswith(PROVIDER_PREFIX)
        and name.upper() not in known
    ]


def _near(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name.upper(), known, n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else "remove it, or see config/gateway.env.example"


def provider_access(environ: Mapping[str, str], connections: Mapping[str, Connection]) -> ProviderAccess:
    """Credentials and settings of the providers that exist: id -> how it is reached.

    `SAFECONDUCT_PROVIDER_<ID>_KEY` or `…_KEY_FILE` holds the credential, `…_<SETTING>` a setting; <ID> is the id in
    capitals with `-` as `_`. If the record takes tokens, `…_CREDENTIAL` names their source in the place of a key,
    and each member of the source is a setting. Raises SettingsRefused with every fault at once.
    """
    faults: list[SettingsFault] = []
    keys: dict[str, SecretStr] = {}
    settings: dict[str, dict[str, str]] = {}
    sources: dict[str, SourceSettings] = {}
    providers = {id: _settings_of(connection) for id, connection in connections.items()}
    for id, values in _by_provider(environ, providers, faults).items():
        secret = _secret(environ, values.pop("key", None), values.pop("key_file", None), faults)
        if secret is not None:
            keys[id] = SecretStr(secret)
        if (token := connections[id].token) is not None:
            source = _token_source(environ, id, TOKEN_KINDS[token.kind], values, faults)
            if source is not None and secret is not None:
                name = provider_variable(id, "credential")
                faults.append(SettingsFault(name, f"{provider_variable(id, 'key')} is set too", "set one of them"))
            elif source is not None:
                sources[id] = source
        for setting, name in values.items():
            if not environ[name].strip():
                faults.append(SettingsFault(name, "it is set but empty", f"give the {setting} of {id}, or unset it"))
            value = settings.setdefault(id, {})[setting] = environ[name].strip()
            known = connections[id].values.get(setting)
            if value and known is not None and value not in known:
                what = f"the statements of {id} do not hold for this {setting}"
                faults.append(SettingsFault(name, what, f"give one of {_listed(known)}"))
    if faults:
        raise SettingsRefused(faults)
    return ProviderAccess(keys, settings, sources)


def _settings_of(connection: Connection) -> tuple[str, ...]:
    """The settings of a record's address and of its sources of tokens."""
    token = connection.token
    return connection.settings if token is None else (*connection.settings, *TOKEN_KINDS[token.kind].settings)


def _token_source(
    environ: Mapping[str, str], id: str, kind: TokenKind, rest: dict[str, str], faults: list[SettingsFault]
) -> SourceSettings | None:
    """The source that `…_CREDENTIAL` names, with its members, which are taken out of `rest` (setting -> variable).

    A member that the operator does not give is read from the variable of its platform.
    """
    variables = {name: rest.pop(name) for name in kind.settings if name in rest}
    named = variables.pop("credential", None)
    if named is None:
        faults += [
            SettingsFault(
                v, f"{provider_variable(id, 'credential')} is not set", f"name one of {_listed(kind.sources)}"
            )
            for v in variables.values()
        ]
        return None
    source = environ[named].strip()
    if source not in kind.sources:
        do = "programs are never run; " if source in _PROGRAMS else ""
        faults.append(SettingsFault(named, "it names no source", f"{do}name one of {_listed(kind.sources)}"))
        return None
    members: dict[str, str] = {}
    for member in kind.sources[source]:
        members |= _member(environ, id, member, variables, faults)
    faults += [SettingsFault(v, f"{source} has no such setting", "remove it") for v in variables.values()]
    return SourceSettings(source, members)


def _member(
    environ: Mapping[str, str],
    id: str,
    member: SourceMember,
    variables: dict[str, str],
    faults: list[SettingsFault],
) -> dict[str, str]:
    """The setting of one member, taken out of `variables`: its value, or the file that holds it."""
    members: dict[str, str] = {}
    for setting, platform in ((member.name, member.platform), (member.file_name, f"{member.platform}_FILE")):
        variable = variables.pop(setting, "") or (platform if member.platform and environ.get(platform) else "")
        if variable and not (member.name in members and variable == platform):
            members[setting] = environ[variable].strip()
            if not members[setting] or not all("!" <= c <= "~" for c in members[setting]):
                faults.append(SettingsFault(variable, "it is empty, or holds a space or a line break", "correct it"))
    name = provider_variable(id, member.name)
    if len(members) > 1:
        faults.append(SettingsFault(name, f"{provider_variable(id, member.file_name)} is set too", "set one of them"))
    if not members and not member.is_optional:
        faults.append(SettingsFault(name, "it is missing", "give it, as the source of tokens needs it"))
    return members


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _by_provider(
    environ: Mapping[str, str], providers: Mapping[str, Collection[str]], faults: list[SettingsFault]
) -> dict[str, dict[str, str]]:
    """Provider id -> setting -> the variable that gives it."""
    names = {name: (id, setting) for id, own in providers.items() for name, setting in _names(id, own)}
    variables: dict[str, dict[str, str]] = {}
    for variable in sorted(environ):
        if variable in names:
            id, setting = names[variable]
            variables.setdefault(id, {})[setting] = variable
        elif variable.upper().startswith(PROVIDER_PREFIX):
            faults.append(_no_provider(variable, names))
    return variables


def provider_variable(id: str, setting: str) -> str:
    """`SAFECONDUCT_PROVIDER_EVROC_KEY` for ("evroc", "key")."""
    return f"{PROVIDER_PREFIX}{id.upper().replace('-', '_')}_{setting.upper()}"


def _names(id: str, settings: Collection[str]) -> list[tuple[str, str]]:
    return [(provider_variable(id, setting), setting) for setting in ("key", "key_file", *settings)]


def _no_provider(name: str, known: Mapping[str, tuple[str, str]]) -> SettingsFault:
    owner = max((i for i, _ in known.values() if name.startswith(provider_variable(i, ""))), key=len, default=None)
    if owner is None:
        return SettingsFault(name, "no provider of this catalogue has that name", _near(name, known))
    own = [n for n, (id, _) in known.items() if id == owner]
    return SettingsFault(name, f"{owner} has no such setting", f"it takes {', '.join(sorted(own))}")


def _secret(
    environ: Mapping[str, str], direct: str | None, by_file: str | None, faults: list[SettingsFault]
) -> str | None:
    """The credential of one provider, from its variable or the file that the other one names."""
    if direct is not None and by_file is not None:
        faults.append(SettingsFault(direct, f"{by_file} is set too", "set one of them"))
        return None
    if direct is not None:
        return _usable(direct, environ[direct], "give the provider's key, or unset it", faults)
    if by_file is None:
        return None
    try:
        with Path(environ[by_file]).open("rb") as file:
            content = file.read(_SECRET_FILE_MOST).decode("ascii")
    except OSError as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        faults.append(
            SettingsFault(by_file, f"the file it names {why}", "name a file that this process may read, with the key")
        )
        return None
    except ValueError:  # a UnicodeDecodeError holds the file, which may be our key; an embedded NUL is no path
        faults.append(SettingsFault(by_file, "it does not name a file with a key", "write the bare key into a file"))
        return None
    return _usable(by_file, content, "write the provider's key into the file it names, or unset it", faults)


def _usable(name: str, secret: str, do: str, faults: list[SettingsFault]) -> str | None:
    """The secret without surrounding space, if an HTTP header can carry it."""
    bare = secret.strip()
    if not bare:
        faults.append(SettingsFault(name, "the key is empty", do))
    elif not all("!" <= c <= "~" for c in bare):
        faults.append(SettingsFault(name, "the key holds a space, a line break or a character outside ASCII", do))
    else:
        return bare
    return None
