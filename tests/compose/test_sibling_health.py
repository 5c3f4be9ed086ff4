"""Outages of the workers of one gateway, asked at real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.compose.sibling_health import SiblingHealth
from gateway.core.errors import Json
from gateway.views.provider_health import WorkerOutages

ROW: dict[str, Json] = {"place": "beta", "state": "cooling", "kind": "rate", "status": 429, "since": None, "until": "Z"}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


async def told(home: Path, *answers: bytes) -> list[WorkerOutages | None]:
    """The outages as the first worker reads them; each further worker answers these bytes, and then closes."""
    (home / "worker-9").mkdir()  # it has ended: nobody listens there
    servers = []
    for number, answer in enumerate(answers, start=2):

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes = answer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        (home / f"worker-{number}").mkdir()
        servers.append(await asyncio.start_unix_server(serve, str(home / f"worker-{number}/s")))
    try:
        return [*await SiblingHealth(home, home, lambda: [ROW], "s")()]
    finally:
        for server in servers:
            server.close()


async def test_every_worker_that_runs_is_asked(tmp_path: Path) -> None:
    own, other = await told(tmp_path, HEAD + b'{"health":[]}')
    assert own == WorkerOutages([ROW])
    assert other == WorkerOutages([])


async def test_a_worker_whose_answer_is_not_understood_is_counted_as_silent(tmp_path: Path) -> None:
    assert await told(tmp_path, HEAD + b"{}", b"", HEAD + b'{"health":[]}') == [
        WorkerOutages([ROW]),
        None,
        None,
        WorkerOutages([]),
    ]


async def test_a_process_alone_asks_nobody(tmp_path: Path) -> None:
    assert [*await SiblingHealth(tmp_path, tmp_path, list, "s")()] == [WorkerOutages([])]
