"""The sandbox on a real socket of its own, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anthropic import Anthropic
from google.genai import Client
from google.genai.types import HttpOptions
from openai import OpenAI

from gateway.sandbox.app import Pace, app
from tests.http.serving import serving as http_serving

PASSWORD = "loopback-password"
AT_ONCE = Pace(sandbox_pace_ms=0, sandbox_slow_ms=0)


@contextmanager
def serving(pace: Pace = AT_ONCE) -> Iterator[str]:
    """Its address, without a persona."""
    with http_serving(app(pace, PASSWORD), drain_s=1) as served:
        yield f"http://127.0.0.1:{served.port}"


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
