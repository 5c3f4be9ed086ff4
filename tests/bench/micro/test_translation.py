"""Reading a request, passing it on, writing it for a route of another dialect; and the reply on its way back."""

from __future__ import annotations

from json import loads

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gateway.core.catalog import Route
from gateway.dialects import strict_json
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.prompt import PLAIN
from gateway.dialects.translation import ReplyMark, Translation
from tests.bench.micro.bodies import SHAPES, USUAL
from tests.builders import a_connection, a_provider, a_route, a_snapshot

HERE = a_route()
CLAUDE = a_route(a_provider("beta", connection=a_connection(dialect="anthropic_messages")))
SNAPSHOT = a_snapshot(HERE, CLAUDE)
ORDERS = RequestOverrides(pseudonym=str)
REPLY = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"' + b"word " * 60 + b'"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":210,"completion_tokens":60,"total_tokens":270}}'
)


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
def test_reading_strictly(benchmark: BenchmarkFixture, body: bytes) -> None:
    assert benchmark(strict_json.read, body).body == body


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
def test_accepting(benchmark: BenchmarkFixture, body: bytes) -> None:
    assert benchmark(Translation.accepted, "openai_chat", body, PLAIN, SNAPSHOT).demand.model == "small"


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("route", [HERE, CLAUDE], ids=["passed on", "translated"])
def test_rendering(benchmark: BenchmarkFixture, body: bytes, route: Route) -> None:
    wire = route.provider.connection.dialect
    rendered = benchmark(
        lambda: Translation.accepted("openai_chat", body, PLAIN, SNAPSHOT).rendered(wire, route, ORDERS)
    )
    assert loads(rendered.body)["model"] == route.upstream_model


def test_a_whole_reply(benchmark: BenchmarkFixture) -> None:
    asked = Translation.accepted("openai_chat", USUAL, PLAIN, SNAPSHOT)
    whole = benchmark(asked.whole, "openai_chat", REPLY, ReplyMark("01J", 1))
    assert whole.metered.usage.output == 60
