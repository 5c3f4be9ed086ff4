"""A dialect that is made here and registered by one line serves clients, and asks providers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.operation import CHAT, Operation
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import members, strict_json
from gateway.dialects.dialect import Broken, Dialect, Rendered, ReplyIdentity, RequestOverrides, Verb, Writer
from gateway.dialects.families import OPENAI, Family
from gateway.dialects.identifiers import Members
from gateway.dialects.neutral import (
    Conversation,
    Embedding,
    Finished,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Role,
    Said,
    StopReason,
    Text,
    Turn,
    Used,
    Vectors,
)
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.registry import REGISTRY, Registry
from gateway.dialects.spans import Span, TextRules
from tests.asgi.gate import KEY, a_door
from tests.exchange.desk import BODY
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider, replies, reply

NAME: Final = "telegram"


class TelegramWriter:
    """Writes whole replies: `{"text": …}`."""

    def write(self, event: ReplyEvent) -> bytes:
        raise AssertionError(f"never streamed: {event!r}")

    def keepalive(self) -> bytes:
        return b""

    def failure(self, ended: Ended) -> bytes:
        raise AssertionError(f"never streamed: {ended.code}")

    def whole(self, reply: Reply | Vectors) -> bytes:
        assert isinstance(reply, Reply)
        said = "".join(part.text for part in reply.answers[0].parts if isinstance(part, Text))
        return json.dumps({"text": said}).encode()


class Telegram:
    """`{"to": model, "text": words, "sender": user}` is answered by `{"text": words, "words": [in, out]}`."""

    NAME = NAME
    FAMILY: Family = OPENAI
    PATHS: Mapping[str, Operation] = {"/telegram": CHAT}
    VERBS: Mapping[str, Verb] = {}
    IDENTIFIERS: Members = (("sender",),)
    EMBEDS_AS = ""

    def accept(self, body: bytes, asked: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
        document = strict_json.read(body)
        named = members.model(document.values.get("to"), snapshot)
        demand = Demand(self.NAME, asked.operation, named.model, streaming=False, input_tokens=len(body))
        return demand, Prompt(document, asked)

    def conversation(self, prompt: Prompt) -> Conversation:
        values = prompt.unseal().values
        return Conversation((Turn(Role.USER, (Text(str(values["text"])),)),), user=str(values.get("sender", "")))

    def texts(self, document: strict_json.Document) -> Iterable[Span]:
        return TextRules(frozenset({"to", "sender"}), regions={}, strings={}).spans(document)

    def writer(self, prompt: Prompt, head: ReplyIdentity) -> Writer:  # noqa: ARG002
        return TelegramWriter()

    def error(self, ended: Ended, request_id: str) -> bytes:
        return json.dumps({"undelivered": ended.code, "id": request_id}).encode()

    def passed(self, prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG002
        changes: dict[str, bytes | None] = {"to": json.dumps(route.upstream_model).encode(), "sender": None}
        return Rendered("/telegram", strict_json.spliced(prompt.unseal(), changes, {}))

    def written(
        self,
        asked: Conversation | Embedding,
        demand: Demand,  # noqa: ARG002
        route: Route,
        orders: RequestOverrides,  # noqa: ARG002
    ) -> Rendered:
        assert isinstance(asked, Conversation)
        words = " ".join(part.text for turn in asked.turns for part in turn.parts if isinstance(part, Text))
        return Rendered("/telegram", json.dumps({"to": route.upstream_model, "text": words}).encode())

    def observe(self, body: bytes) -> tuple[Metered | None, int]:
        said, metered = self._read(body)
        return metered, len(said)

    def events(self, body: bytes) -> Iterable[ReplyEvent]:
        said, metered = self._read(body)
        return (Said(said), Finished(StopReason.END), Used(metered), ReplyEnded())

    def _read(self, body: bytes) -> tuple[str, Metered]:
        values = json.loads(body)
        if "text" not in values:
            raise Broken("no telegram")
        used = Usage(input=values["words"][0], output=values["words"][1])
        return values["text"], Metered(used, UsageSource.PROVIDER, {})


MADE: Final[Dialect] = Telegram()
WITH_ANOTHER: Final = Registry((*REGISTRY.dialects, MADE))
"""The one line."""


class Telegraph:
    """The provider's side of `Telegram`, under a name that no client may use."""

    NAME = "telegraph"
    EMBEDS_AS = ""
    OPERATION = CHAT
    written = staticmethod(MADE.written)
    events = staticmethod(MADE.events)


WITH_A_WIRE: Final = Registry(REGISTRY.dialects, (Telegraph(),))

DICTATION: Final = replace(CHAT, streams=False, body_type="application/x-telegram", reply_type="text/x-telegram")
"""A chat whose bodies and replies have media types of their own."""


class Dictaphone(Telegram):
    """Dictations in the form of telegrams."""

    NAME = "dictaphone"
    PATHS: Mapping[str, Operation] = {"/dictations": DICTATION}


DELIVERED = replies(reply(body=b'{"text":"hello back","words":[9,3]}'))
TELEGRAM = {"to": "small", "text": "MARKER hello", "sender": "MARKER anna"}


async def test_its_clients_are_served_by_routes_of_other_dialects(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, registry=WITH_ANOTHER) as door:
        answer = await door.client.post("/v1/telegram", json=TELEGRAM, headers=KEY)
        assert (answer.status_code, answer.json()) == (200, {"text": "hello"})
        assert alpha.requests[0].line.startswith("POST /v1/chat/completions ")
        assert json.loads(alpha.requests[0].body)["messages"] == [{"role": "user", "content": "MARKER hello"}]
        (receipt,) = door.desk.receipts()
        assert (receipt["dialect"], receipt["operation"]) == (NAME, "chat")
        assert (receipt["attempts"][0]["dialect"], receipt["attempts"][0]["usage"]) == (
            "openai_chat",
            {"input": 9, "output": 3},
        )


async def test_its_providers_are_asked_by_clients_of_other_dialects(tmp_path: Path) -> None:
    async with Provider(DELIVERED) as alpha, a_door(tmp_path, alpha, registry=WITH_ANOTHER, dialects=[NAME]) as door:
        answer = await door.ask()
        assert answer.json()["choices"][0]["message"]["content"] == "hello back"
        assert alpha.requests[0].line.startswith("POST /v1/telegram ")
        assert json.loads(alpha.requests[0].body) == {"to": "lab/small", "text": BODY["messages"][0]["content"]}
        (receipt,) = door.desk.receipts()
        assert (receipt["dialect"], receipt["attempts"][0]["dialect"]) == ("openai_chat", NAME)


async def test_a_dialect_of_providers_alone_is_asked_by_clients_of_others(tmp_path: Path) -> None:
    wire = Telegraph.NAME
    async with Provider(DELIVERED) as alpha, a_door(tmp_path, alpha, registry=WITH_A_WIRE, dialects=[wire]) as door:
        answer = await door.ask()
        assert answer.json()["choices"][0]["message"]["content"] == "hello back"
        unknown = await door.client.post("/v1/telegram", json=TELEGRAM, headers=KEY)
        assert unknown.status_code == 404
        (receipt,) = door.desk.receipts()
        assert (receipt["dialect"], receipt["attempts"][0]["dialect"]) == ("openai_chat", wire)


async def test_it_is_passed_on_where_both_sides_speak_it(tmp_path: Path) -> None:
    async with Provider(DELIVERED) as alpha, a_door(tmp_path, alpha, registry=WITH_ANOTHER, dialects=[NAME]) as door:
        answer = await door.client.post("/v1/telegram", json=TELEGRAM, headers=KEY)
        assert answer.json() == {"text": "hello back", "words": [9, 3]}
        assert json.loads(alpha.requests[0].body) == {"to": "lab/small", "text": "MARKER hello"}


async def test_its_refusals_have_its_own_shape_and_its_path_exists_by_registration_alone(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, registry=WITH_ANOTHER) as door:
        refused = await door.client.post("/v1/telegram", json={"to": "nobody"}, headers=KEY)
        assert (refused.status_code, refused.json()["undelivered"]) == (404, "model_not_found")
    async with Provider(GOOD) as alpha, a_door(tmp_path / "plain", alpha) as door:
        unknown = await door.client.post("/v1/telegram", json=TELEGRAM, headers=KEY)
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
        assert alpha.connections == 0


async def test_an_operation_that_is_made_here_states_its_media_types_on_both_sides(tmp_path: Path) -> None:
    wire, registry = Dictaphone.NAME, Registry((*REGISTRY.dialects, Dictaphone()))
    async with Provider(DELIVERED) as alpha, a_door(tmp_path, alpha, registry=registry, dialects=[wire]) as door:
        body = json.dumps(TELEGRAM).encode()
        headers = {**KEY, "content-type": DICTATION.body_type}
        answer = await door.client.post("/v1/dictations", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, DICTATION.reply_type)
        sent = dict(alpha.requests[0].headers)
        assert (sent["content-type"], sent["accept"]) == (DICTATION.body_type, DICTATION.reply_type)
        refused = await door.client.post("/v1/dictations", json=TELEGRAM, headers=KEY)
        assert (refused.status_code, refused.json()["undelivered"]) == (415, "unsupported_media")
        (receipt,) = door.desk.receipts()
        assert (receipt["dialect"], receipt["operation"]) == (wire, "chat")
