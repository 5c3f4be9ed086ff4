"""A real gateway process in a folder of its own, with everything that comes out of it kept.

Its catalogue names providers at one scripted address: two in the US for `chatter`, one in Sweden whose model is `gone`,
and one for each dialect, with a model that only it serves.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.privacy.hunt import files

ROOT: Final = Path(__file__).resolve().parents[2]
REAL: Final = ("-m", "gateway")
CREDENTIAL: Final = "credential-of-the-provider-Zw81"

_PROVIDER: Final = """\
id = "{id}"
name = "{id}"
operator = "Scripted"
read_on = 2026-11-23
sources = ["none: for tests"]
[connection]
dialect = "{dialect}"
auth = "{auth}"
base_url = "{url}/{version}"
callable = true
source = "none: for tests"
[posture]
processed_in = ["{country}"]
location_guarantee = "documented"
retention_days = 30
training = "no"
"""
_ROUTE: Final = """\
[[routes]]
model = "{model}"
upstream_model = "scripted-model"
tools = true
[routes.price]
currency = "USD"
input = 0.5
output = 2
source = "tests"
read_on = 2026-11-23
"""
_MODEL: Final = """\
[[models]]
id = "{model}"
name = "{model}"
lab = "Scripted"
context = 128000
max_output = 4096
kind = "{kind}"
tools = true
reasoning = true
inputs = ["text", "image", "pdf"]
"""
SPEAKING: Final[Mapping[str, tuple[str, str]]] = {
    "openai_chat": ("bearer", "v1"),
    "openai_responses": ("bearer", "v1"),
    "anthropic_messages": ("x-api-key", "v1"),
    "google_generate": ("x-goog-api-key", "v1beta"),
}
"""Dialect of a provider -> how it is shown our credential, and how its address ends."""
EMBEDDING: Final[Mapping[str, str]] = {"openai_embeddings": "openai_chat", "google_embeddings": "google_generate"}
"""Dialect of vectors -> that of the provider which makes them."""


def serving(dialect: str) -> str:
    """The model that a provider of this dialect serves, and no other does."""
    return dialect.replace("_", "-")


def _model(id: str, kind: str = "chat") -> str:
    return _MODEL.format(model=id, kind=kind)


_DOCUMENTS: Final = {
    "config/models/scripted.toml": "".join(
        [
            *map(_model, ("chatter", "gone", *map(serving, SPEAKING))),
            *(_model(serving(dialect), "embedding") for dialect in EMBEDDING),
        ]
    ),
    "config/organisation.toml": (
        'id = "acme"\nname = "Acme"\npolicy = "unrestricted"\n[classes.personal]\npolicy = "europe"\n'
    ),
    "config/teams.toml": (
        '[teams.all]\nname = "All"\npolicy = "unrestricted"\nclasses = ["personal"]\nend_users = true\n'
    ),
    "config/contracts.toml": "",
    "config/regions.toml": 'read_on = 2026-11-23\nsource = "tests"\n[regions]\nEU = ["SE", "FR"]\n',
    "config/fx.toml": 'ledger = "USD"\ndated = 2026-11-23\nsource = "tests"\n[rates]\nEUR = 1.1\n',
    "policies/unrestricted.toml": 'name = "unrestricted"\npurpose = "Admits everything."\ntoken_counts = "exact"\n',
    "policies/europe.toml": 'name = "europe"\npurpose = "Admits the third alone."\n[bound]\nprocessed_in = ["EU"]\n',
}


def _records(url: str) -> Iterator[tuple[str, str]]:
    """Every provider's document under its file's name."""
    for id, model, country in (("first", "chatter", "US"), ("second", "chatter", "US"), ("third", "gone", "SE")):
        yield _record(url, id, "openai_chat", country, [model])
    for dialect in SPEAKING:
        vectors = [serving(made) for made, provider in EMBEDDING.items() if provider == dialect]
        yield _record(url, serving(dialect), dialect, "US", [serving(dialect), *vectors])


def _record(url: str, id: str, dialect: str, country: str, models: Sequence[str]) -> tuple[str, str]:
    auth, version = SPEAKING[dialect]
    head = _PROVIDER.format(id=id, url=url, country=country, dialect=dialect, auth=auth, version=version)
    return f"config/catalog/{id}.toml", head + "".join(_ROUTE.format(model=model) for model in models)


class House:
    """The folder, and what the latest process said. `cwd` and `tmp` are searched; the documents are the operator's."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.cwd, self.tmp, self._documents = folder / "cwd", folder / "tmp", folder / "documents"
        for path in (self.cwd, self.tmp):
            path.mkdir()
        for name, text in (_DOCUMENTS | dict(_records(provider))).items():
            path = self._documents / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.stdout, self.stderr = bytearray(), bytearray()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.tmp),
            "HOME": str(self.cwd),
            "SAFECONDUCT_CONFIG": str(self._documents / "config"),
            "SAFECONDUCT_POLICIES": str(self._documents / "policies"),
            "SAFECONDUCT_COOLDOWN_S": "1e-9",  # scenes do not depend on their order
            "SAFECONDUCT_GRACE_S": "0",
            "SAFECONDUCT_DRAIN_S": "0.2",
            **{f"SAFECONDUCT_PROVIDER_{id.upper()}_KEY": CREDENTIAL for id in ("first", "second", "third", *SPEAKING)},
        }

    def sinks(self) -> dict[str, bytes]:
        """Everything that a word could have got into."""
        return {"stdout": bytes(self.stdout), "stderr": bytes(self.stderr), **files(self.cwd, self.tmp)}

    @asynccontextmanager
    async def gateway(
        self, environ: Mapping[str, str] | None = None, program: Sequence[str] = REAL
    ) -> AsyncIterator[Gateway]:
        """A process that accepts requests; killed at the end if it still runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            *("serve", "--json", "--port", "0"),
            cwd=self.cwd,
            env={**self.environ, **(environ or {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        gateway = Gateway(self, process)
        try:
            await gateway.listen()
            yield gateway
        finally:
            if process.returncode is None:
                process.kill()
            await gateway.gone()


class Gateway:
    """One process: its address, its events as they come, and its end."""

    def __init__(self, house: House, process: asyncio.subprocess.Process) -> None:
        self._house, self._process = house, process
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        self._pumps = [
            asyncio.ensure_future(self._events_from(process.stdout)),
            asyncio.ensure_future(self._words_from(process.stderr)),
        ]
        self.port = 0
        self.secret = ""
        self.pid = process.pid

    async def _events_from(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self._house.stdout += line
            if line.startswith(b'{"time"'):
                self.events.append(json.loads(line))
            async with self._news:
                self._news.notify_all()
        self.events.append({"event": "end of output"})
        async with self._news:
            self._news.notify_all()

    async def _words_from(self, stream: asyncio.StreamReader) -> None:
        while words := await stream.read(65_536):
            self._house.stderr += words

    def count(self, event: str) -> int:
        return sum(e["event"] == event for e in self.events)

    async def told(self, event: str, times: int) -> None:
        """Returns once the log holds that many events of the name."""
        async with self._news:
            await self._news.wait_for(lambda: self.count(event) >= times or self.count("end of output"))
        assert self.count(event) >= times, f"no {event}: {bytes(self._house.stderr).decode()}"

    async def listen(self) -> None:
        """Wait until requests are accepted, and make a key."""
        await self.told("started", 1)
        (started,) = (e for e in self.events if e["event"] == "started")
        self.port = int(started["address"].rpartition(":")[2])
        socket = str(self._house.cwd / ".safeconduct/admin.sock")
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=socket), base_url="http://admin") as admin:
            made = await admin.post("/keys", json={"team": "all", "policy": "unrestricted"})
        self.secret = made.json()["secret"]

    async def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """The exit code, once everything the process said has been read."""
        self._process.send_signal(by)
        return await self.gone()

    async def gone(self) -> int:
        code = await self._process.wait()
        await asyncio.gather(*self._pumps)
        return code
