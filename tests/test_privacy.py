"""No word of anybody's is found after any exchange: not on disk, not in the journal, not in any output.

`privacy/` holds the machinery: what is sought and where (`hunt`), a real gateway process (`house`), what clients and
providers do (`served`, `refused`), and a gateway with a broken part (`broken`, `accidents`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest

from tests.privacy import accidents, misspoken, refused, served, spoken
from tests.privacy.broken import LEAKS
from tests.privacy.client import body, connected
from tests.privacy.house import CREDENTIAL, REAL, House
from tests.privacy.hunt import Find, files, holds, hunt, marker, spellings
from tests.privacy.stage import Scene, Stage, script
from tests.scripted import Provider

BROKEN = (str(Path(accidents.__file__).with_name("broken.py")),)
DAY = {**refused.SCENES, **misspoken.SCENES, **spoken.SCENES, **served.SCENES}
WAYS = [*product(spoken.CHATS, repeat=2)]
"""Every dialect of a client towards every one of a route."""
PATIENCE_S = 20
"""For a scene that never ends."""


@dataclass
class Evidence:
    """What a process left: its sinks while it ran and after its end, the finds in both, and scenes that went wrong."""

    sinks: dict[str, bytes] = field(default_factory=dict)
    alive: list[Find] = field(default_factory=list)
    ended: list[Find] = field(default_factory=list)
    wrong: dict[str, BaseException] = field(default_factory=dict)
    secret: str = ""
    code: int = -1

    def of(self, scene: str) -> list[str]:
        """Where words of a scene were found. Raises what went wrong in it."""
        if scene in self.wrong:
            raise self.wrong[scene]
        return [str(find) for find in (*self.alive, *self.ended) if find.is_of(scene)]


async def play(folder: Path, scenes: Mapping[str, Scene], level: str, program: Sequence[str] = REAL) -> Evidence:
    """All scenes in one process, one after another."""
    found = Evidence()
    async with Provider(script(scenes)) as provider:
        house = House(folder, provider.url)
        async with house.gateway({"SAFECONDUCT_LOG_LEVEL": level}, program) as gateway:
            stage, found.secret = Stage(gateway, provider), gateway.secret
            for name, scene in scenes.items():
                try:
                    await asyncio.wait_for(scene.act(stage, name), PATIENCE_S)
                except Exception as fault:  # noqa: BLE001  # raised again by the test of the scene
                    found.wrong[name] = fault
                    stage.recount()
            found.sinks = house.sinks()
            found.alive = hunt(found.sinks)
            found.code = await gateway.end()
        after = house.sinks()
        found.ended = hunt(after)
        found.sinks |= {f"{name} (ended)": data for name, data in after.items()}
    return found


@pytest.fixture(scope="module", params=["info", "debug"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Everything that clients and providers do, at each log level."""
    return asyncio.run(play(tmp_path_factory.mktemp("day"), DAY, request.param))


@pytest.fixture(scope="module")
def accident(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Every fault of our own that holds a prompt."""
    return asyncio.run(play(tmp_path_factory.mktemp("accident"), accidents.FAULTS, "debug", BROKEN))


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The same process with a leak into every sink."""
    return asyncio.run(play(tmp_path_factory.mktemp("control"), accidents.CONTROLS, "debug", BROKEN))


# --- nothing is found ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", DAY)
def test_nothing_of_an_exchange_is_kept(day: Evidence, scene: str) -> None:
    assert day.of(scene) == []


@pytest.mark.parametrize("scene", accidents.FAULTS)
def test_nothing_of_a_fault_is_kept(accident: Evidence, scene: str) -> None:
    assert accident.of(scene) == []


def test_no_sink_holds_any_marker(day: Evidence, accident: Evidence) -> None:
    for found in (day, accident):
        assert [str(find) for find in (*found.alive, *found.ended)] == []
        assert found.code == 0
        assert found.sinks["stderr (ended)"] == b""


def test_end_users_are_told_apart_by_their_pseudonyms_alone(day: Evidence) -> None:
    """What the scenes say of them was sought above; here is that there was something to find."""
    assert any(b'"end_user":"sc_' in data for data in day.sinks.values())


def test_no_sink_holds_a_secret(day: Evidence, accident: Evidence) -> None:
    for found in (day, accident):
        assert holds(found.sinks, CREDENTIAL) == []
        assert holds(found.sinks, found.secret) == []


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5", "blake2b", "sha3_256"])
def test_no_sink_holds_a_digest_of_content(day: Evidence, algorithm: str) -> None:
    sent = json.dumps(body("reply")).encode()
    words = (sent, marker("reply", "question").encode(), marker("idempotency-key", "idempotency key").encode())
    digests = [hashlib.new(algorithm, text).digest() for text in words]
    assert [holds(day.sinks, digest) for digest in digests] == [[], [], []]
    assert [holds(day.sinks, base64.b64encode(digest).decode().rstrip("=")) for digest in digests] == [[], [], []]


def test_the_sinks_were_there(day: Evidence) -> None:
    """Else nothing could be found in them: receipts in the journal and its log, events on standard output."""
    assert day.sinks["stdout"].count(b'"event":"exchange_ended"') > 50
    assert day.sinks["cwd/.safeconduct/journal.sqlite-wal"]
    assert day.sinks["cwd/.safeconduct/journal.sqlite (rows)"].count(b"upstream_failed") >= 10
    assert "cwd/.safeconduct/journal.sqlite-wal (ended)" not in day.sinks
    assert b"upstream_failed" in day.sinks["cwd/.safeconduct/journal.sqlite (ended)"]


def test_nothing_is_left_by_a_process_that_is_killed_in_mid_stream(tmp_path: Path) -> None:
    async def story() -> None:
        async with Provider(script(DAY)) as provider:
            house = House(tmp_path, provider.url)
            async with house.gateway({"SAFECONDUCT_LOG_LEVEL": "debug"}) as gateway:
                stage = Stage(gateway, provider)
                await DAY["reply"].act(stage, "reply")
                async with AsyncExitStack() as clients:
                    for client, route in WAYS:
                        scene = f"{client}-{route}-left-mid-stream"
                        data = spoken.wire(stage, scene, client, route, stream=True)
                        reader = await clients.enter_async_context(connected(gateway.port, data))
                        await reader.readuntil(marker(scene, "output").encode())
                    assert await gateway.end(signal.SIGKILL) == -signal.SIGKILL
            killed = house.sinks()
            assert killed["cwd/.safeconduct/journal.sqlite-wal"]
            assert hunt(killed) == []
            async with house.gateway({"SAFECONDUCT_LOG_LEVEL": "debug"}) as gateway:
                (recovered,) = (event for event in gateway.events if event["event"] == "recovered")
                assert recovered["exchanges"] == len(WAYS)
                await DAY["reply"].act(Stage(gateway, provider), "reply")
                assert hunt(house.sinks()) == []
                await gateway.end()
            assert b'"outcome":"interrupted"' in house.sinks()["cwd/.safeconduct/journal.sqlite (rows)"]
            assert hunt(house.sinks()) == []

    asyncio.run(asyncio.wait_for(story(), 3 * PATIENCE_S))


def test_nothing_is_left_by_a_process_that_is_told_to_end_in_mid_stream(tmp_path: Path) -> None:
    async def story() -> None:
        async with Provider(script(DAY)) as provider:
            house = House(tmp_path, provider.url)
            async with house.gateway({"SAFECONDUCT_LOG_LEVEL": "debug"}) as gateway:
                stage = Stage(gateway, provider)
                async with stage.opened("left-mid-stream", stream=True) as speaking:
                    await speaking.readuntil(marker("left-mid-stream", "output").encode())
                    provider.asked.clear()
                    async with stage.opened("left-before-first-byte") as silent:
                        await provider.asked.wait()
                        assert await gateway.end(signal.SIGTERM) == 0
                        assert b'"code":"draining"' in await speaking.read()
                        refusal = await silent.read()
            assert b'"code":"draining"' in refusal
            assert hunt({"answer": refusal}) == []
            assert gateway.count("exchange_ended") == 2
            assert hunt(house.sinks()) == []

    asyncio.run(asyncio.wait_for(story(), 3 * PATIENCE_S))


# --- what is there is found ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", spellings("x"))
@pytest.mark.parametrize("before", range(3))
def test_the_search_finds_every_spelling(tmp_path: Path, spelling: str, before: int) -> None:
    """Written by the standard library's own means, with other text on both sides, at every alignment."""
    text = f"{before * chr(233)}and then {marker('planted', 'here')}, she said"
    write = {
        "raw": lambda: text.encode(),
        "hex": lambda: text.encode().hex().upper().encode(),
        "utf-16-le": lambda: text.encode("utf-16-le"),
        "utf-16-be": lambda: text.encode("utf-16-be"),
        "percent": lambda: "".join(f"%{b:02X}" for b in text.encode()).encode(),
        "json": lambda: "".join(f"\\u{ord(c):04X}" for c in text).encode(),
        "python": lambda: "".join(f"\\x{b:02x}" for b in text.encode()).encode(),
    }
    plain = write.get(spelling, lambda: base64.b64encode(b"!" * before + text.encode()))()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file.bin").write_bytes(b"\0\xff" + plain + b"\n")
    finds = hunt(files(tmp_path))
    assert spelling.partition("+")[0] in {find.spelling.partition("+")[0] for find in finds if find.is_of("planted")}
    assert not any(find.is_of("another") for find in finds)


@pytest.mark.parametrize(
    ("leak", "alive", "ended"),
    [
        ("prints", "stdout", "stdout"),
        ("prints-to-stderr", "stderr", "stderr"),
        ("writes-a-file", "cwd/debug.txt", "cwd/debug.txt"),
        ("writes-a-temporary-file", "tmp/", "tmp/"),
        ("writes-into-the-journal", "cwd/.safeconduct/journal.sqlite-wal", "cwd/.safeconduct/journal.sqlite"),
    ],
)
def test_a_leak_into_each_sink_is_found(control: Evidence, leak: str, alive: str, ended: str) -> None:
    assert leak in LEAKS
    assert control.of(leak)
    assert {find.sink for find in control.alive if find.is_of(leak)} & _named(control.alive, alive)
    assert {find.sink for find in control.ended if find.is_of(leak)} & _named(control.ended, ended)


def _named(finds: Sequence[Find], name: str) -> set[str]:
    return {f.sink for f in finds if f.sink == name or (name.endswith("/") and f.sink.startswith(name))}


def test_a_secret_and_a_digest_are_found() -> None:
    digest = hashlib.sha256(b"words").digest()
    assert holds({"a": CREDENTIAL.encode(), "b": b"", "c": CREDENTIAL.encode().hex().encode()}, CREDENTIAL) == [
        "a",
        "c",
    ]
    assert holds({"a": digest, "b": b"", "c": digest.hex().encode()}, digest) == ["a", "c"]
