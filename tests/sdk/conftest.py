"""One loop in a thread of its own for everything that listens, and one Node process: the SDKs block in the tests."""

from __future__ import annotations

from collections.abc import Iterator

import anyio.from_thread
import pytest
from anyio.from_thread import BlockingPortal

from tests.sdk.clients import ASK
from tests.sdk.gateway import Running, a_gateway
from tests.sdk.node import Node, node
from tests.sdk.providers import Scripted
from tests.sdk.stage import Stage


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with anyio.from_thread.start_blocking_portal() as started:
        yield started


@pytest.fixture(scope="session")
def scripted(portal: BlockingPortal) -> Iterator[Scripted]:
    with portal.wrap_async_context_manager(Scripted()) as providers:
        yield providers


@pytest.fixture(scope="session")
def node_process() -> Iterator[Node]:
    with node() as process:
        yield process


@pytest.fixture(scope="session")
def stage(portal: BlockingPortal, scripted: Scripted, node_process: Node) -> Stage:
    return Stage(portal, scripted, ASK, node_process)


@pytest.fixture(scope="session")
def gateway(portal: BlockingPortal, scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with portal.wrap_async_context_manager(a_gateway(tmp_path_factory.mktemp("gateway"), scripted.url)) as running:
        yield running
