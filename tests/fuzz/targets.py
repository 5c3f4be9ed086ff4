"""What a fuzzer calls: each target takes any bytes and raises AssertionError where a promise does not hold.

Errors that a reader promises are answers; every other one reaches the fuzzer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.core.errors import Ended, InvalidRequest, ModelNotFound
from gateway.dialects import narrowing, sse, strict_json
from gateway.dialects.dialect import Broken, RequestOverrides
from gateway.dialects.neutral import Vectors
from gateway.dialects.registry import REGISTRY
from tests.builders import a_connection, a_provider, a_route, a_snapshot
from tests.dialects.test_mutations import REQUESTS

_SNAPSHOT: Final = a_snapshot()
_ORDERS: Final = RequestOverrides(pseudonym=lambda name: f"p-{len(name)}")
_LARGEST_ERROR: Final = 1_000_000
_ROUNDED: Final = re.compile(rb"[.eE]|[0-9]{17}")


def reads_strictly(data: bytes) -> None:
    """What is read is JSON in which each key stands once, and every member is found at its place in the bytes."""
    try:
        document = strict_json.read(data)
    except InvalidRequest as refused:
        _is_small(refused)
        return
    values = json.loads(data, object_pairs_hook=_pairs)
    assert values == document.values or _may_be_rounded(data)
    for name, place in document.members():
        assert json.loads(data[place.start : place.key_end]) == name
        assert json.loads(data[place.value : place.end]) == values[name] or _may_be_rounded(data)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    assert len(values) == len(pairs), "a key stands twice"
    return values


def _may_be_rounded(data: bytes) -> bool:
    """Two readers round the same digits differently, and read whole numbers beyond 64 bits as they like."""
    return _ROUNDED.search(data) is not None


def cuts_streams(data: bytes) -> None:
    """Events are the same wherever the stream is cut. The first byte says how long the pieces are."""
    length, stream = (data[0] % 7 + 1 if data else 1), data[1:]
    whole, cut = sse.Events(), sse.Events()
    together = [*whole.feed(stream), whole.rest()]
    apart = [event for at in range(0, len(stream), length) for event in cut.feed(stream[at : at + length])]
    assert b"".join(together) == b"".join([*apart, cut.rest()])
    assert [sse.payload(event) for event in together if sse.payload(event)] == [
        payload for event in [*apart, *together[-1:]] if (payload := sse.payload(event))
    ]


def narrows(data: bytes) -> None:
    """A header narrows, or is refused by an error that is small and repeats nothing of it."""
    text = data.decode("latin-1")
    try:
        policies = narrowing.from_header(text, _SNAPSHOT)
    except Ended as refused:
        _is_small(refused)
        return
    assert policies or not text.strip()


def surveys(name: str) -> Callable[[bytes], None]:
    """Bytes for a dialect are refused by name, use a feature, or leave for a provider without state."""
    _, head, is_stateless = REQUESTS[name]
    dialect = REGISTRY[name]
    route = a_route(a_provider(connection=a_connection(dialect=name, accepts_store=True)))

    def survey(data: bytes) -> None:
        try:
            demand, prompt = dialect.accept(data, head, _SNAPSHOT)
        except (InvalidRequest, ModelNotFound) as refused:
            _is_small(refused)
            return
        if not demand.features:
            assert is_stateless(json.loads(dialect.passed(prompt, demand, route, _ORDERS).body))

    return survey


def reads_replies(name: str) -> Callable[[bytes], None]:
    """Whatever a provider answers is a reply of its dialect, or broken."""
    wire = REGISTRY.wires[name]

    def read(data: bytes) -> None:
        try:
            found = wire.events(data)
            if not isinstance(found, Vectors):
                list(found)
        except Broken:
            return

    return read


def _is_small(refused: Ended) -> None:
    assert len(json.dumps(refused.details, default=str)) + len(refused.message) < _LARGEST_ERROR


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "strict_json": reads_strictly,
    "sse": cuts_streams,
    "narrowing": narrows,
    **{f"survey-{name}": surveys(name) for name in REQUESTS},
    **{f"reply-{name}": reads_replies(name) for name in sorted(REGISTRY.wires)},
}

SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "sse": (b'\x02data: {"a":1}\n\ndata: [DONE]\n\n', b"\x01: hi\r\n\r\nevent: a\r\ndata: b\r\n\r\n"),
    "narrowing": (b'{"only":["alpha"],"max_price":{"prompt":"1.5"}}', b"strict", b'{"zdr":true,"processed_in":["EU"]}'),
    **{f"survey-{name}": (json.dumps(request).encode(),) for name, (request, _, _) in REQUESTS.items()},
}


def seeds(name: str) -> tuple[bytes, ...]:
    """Inputs from which the fuzzer starts."""
    return SEEDS.get(name, (b'{"a":[1,"b",{"c":null}]}',))
