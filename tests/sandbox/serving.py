"""The sandbox on a real socket of its own, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from anthropic import Anthropic
from google.genai import Client
from google.genai.types import HttpOptions
from openai import OpenAI

from gateway.sandbox.app import Pace, app

PASSWORD = "loopback-password"
AT_ONCE = Pace(sandbox_pace_ms=0, sandbox_slow_ms=0)


@contextmanager
def serving(pace: Pace = AT_ONCE) -> Iterator[str]:
    """Its address, without a persona."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app(pace, PASSWORD), log_config=None, ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def client(address: str, persona: str = "sandbox-se", key: str = PASSWORD) -> Iterator[OpenAI]:
    """The official SDK, pointed at one persona; it does not repeat what failed."""
    with OpenAI(base_url=f"{address}/{persona}/v1", api_key=key, max_retries=0, timeout=30) as sdk:
        yield sdk


@contextmanager
def anthropic_client(address: str, persona: str = "sandbox-fr", key: str = PASSWORD) -> Iterator[Anthropic]:
    """Likewise, of Anthropic."""
    with Anthropic(base_url=f"{address}/{persona}", api_key=key, max_retries=0, timeout=30) as sdk:
        yield sdk


@contextmanager
def google_client(address: str, persona: str = "sandbox-us", key: str = PASSWORD) -> Iterator[Client]:
    """Likewise, of Google."""
    with Client(api_key=key, http_options=HttpOptions(base_url=f"{address}/{persona}", timeout=30_000)) as sdk:
        yield sdk
