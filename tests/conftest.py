"""Async tests run under anyio's pytest plugin, on asyncio, and none of them runs for ever.

Property tests take the same examples in every run, so that no landing depends on luck. `make proof` searches at random,
with many more examples.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import pytest
from hypothesis import settings

PATIENCE_S: Final = 180
"""The longest that one async test may take on a busy machine."""

settings.register_profile("repeat", derandomize=True, database=None, deadline=None)
settings.register_profile("search", max_examples=5_000, database=None, deadline=None, print_blob=True)
settings.load_profile("repeat")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _bounded(item.obj)


def _bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        with anyio.fail_after(PATIENCE_S):
            await test(*args, **kwargs)

    return run
