"""Which path means what: every path that an official SDK builds, from any base URL that its user may configure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asgi.addresses import Address, Addresses
from gateway.asgi.headers import Fields
from gateway.core import operation
from gateway.dialects.prompt import PromptHead
from gateway.dialects.registry import REGISTRY

ADDRESSES = Addresses(REGISTRY)
CHAT = Address("openai", REGISTRY["openai_chat"], operation.CHAT)
GOOGLE = [(b"x-goog-api-key", b"k")]
ANTHROPIC = [(b"anthropic-version", b"2023-06-01")]


def google(verb: str, name: str = "small") -> Address:
    kind = {
        "countTokens": operation.COUNT_TOKENS,
        "embedContent": operation.EMBEDDINGS,
        "batchEmbedContents": operation.EMBEDDINGS,
    }
    dialect = "google_embeddings" if "mbed" in verb else "google_generate"
    streaming = verb.startswith("stream")
    return Address(
        "google", REGISTRY[dialect], kind.get(verb, operation.CHAT), name=name, verb=verb, streaming=streaming
    )


def found(path: str, headers: list[tuple[bytes, bytes]] | None = None, *, keyed: bool = False) -> Address | None:
    return ADDRESSES.find(path, headers or [], keyed=keyed)


# --- what is posted --------------------------------------------------------------------------------------------------

POSTED = {
    "/chat/completions": CHAT,
    "/responses": Address("openai", REGISTRY["openai_responses"], operation.CHAT),
    "/responses/input_tokens": Address("openai", REGISTRY["openai_responses"], operation.COUNT_TOKENS),
    "/embeddings": Address("openai", REGISTRY["openai_embeddings"], operation.EMBEDDINGS),
    "/messages": Address("anthropic", REGISTRY["anthropic_messages"], operation.CHAT),
    "/messages/count_tokens": Address("anthropic", REGISTRY["anthropic_messages"], operation.COUNT_TOKENS),
}
VERBS = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]
FRONTS = ["", "/v1", "/v1beta", "/v1alpha", "/v1beta1"]


def test_a_path_means_the_same_each_time() -> None:
    for _ in range(2):
        assert found("/openai/v1/chat/completions") == CHAT
        assert found("/google/v1/chat/completions") is None
        assert found("/v1/chat/completions/") is None


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("path", POSTED)
def test_each_path_has_its_dialect_behind_any_version_and_its_own_mount(path: str, front: str) -> None:
    meant = POSTED[path]
    assert found(front + path) == meant
    assert found(f"/{meant.family}{front}{path}") == meant
    assert found(front + path, GOOGLE) == found(front + path, ANTHROPIC) == meant, "no header says otherwise"


@pytest.mark.parametrize("front", ["/v1/v1", "/v1/v1beta", "/v1beta/v1beta"])
def test_a_version_may_stand_twice_since_base_urls_and_sdks_both_bring_one(front: str) -> None:
    assert found(f"{front}/messages") == found(f"/anthropic{front}/messages") == POSTED["/messages"]
    assert found(f"{front}/models/small:countTokens") == google("countTokens")
    assert found(f"{front}/models", ANTHROPIC) == Address("anthropic")


@pytest.mark.parametrize("path", POSTED)
def test_the_mount_of_another_family_is_no_way_in(path: str) -> None:
    others = {"openai", "anthropic", "google"} - {POSTED[path].family}
    assert [found(f"/{mount}/v1{path}") for mount in others] == [None, None]


@pytest.mark.parametrize(
    "front", ["", "/v1", "/v1beta", "/v1alpha", "/v1beta1", "/google", "/google/v1", "/google/v1beta"]
)
@pytest.mark.parametrize("verb", VERBS)
def test_googles_paths_name_model_and_verb(front: str, verb: str) -> None:
    assert found(f"{front}/models/small:{verb}") == google(verb)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("evroc/magistral-small", "evroc/magistral-small"),
        ("models/small", "small"),
        ("models/evroc/magistral-small", "evroc/magistral-small"),
        ("anthropic.claude-v1:0", "anthropic.claude-v1:0"),
        ("evroc/anthropic.claude-v1:0", "evroc/anthropic.claude-v1:0"),
        ("a:generateContent", "a:generateContent"),
        ("gamma/large@fast", "gamma/large@fast"),
        ("", ""),
    ],
)
def test_a_models_name_may_hold_slashes_and_colons(said: str, name: str) -> None:
    assert found(f"/v1/models/{said}:generateContent") == google("generateContent", name)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=30), st.sampled_from(VERBS))
def test_the_verb_is_what_follows_the_last_colon(name: str, verb: str) -> None:
    assert found(f"/v1beta/models/{name}:{verb}") == google(verb, name.removeprefix("models/"))


# --- models ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "keyed", "family"),
    [
        ([], False, "openai"),
        ([(b"authorization", b"Bearer k")], False, "openai"),
        ([(b"x-api-key", b"k")], False, "openai"),
        (ANTHROPIC, False, "anthropic"),
        (GOOGLE, False, "google"),
        ([(b"x-goog-api-client", b"google-genai-sdk/3.4.0")], False, "google"),
        ([], True, "google"),
        ([*ANTHROPIC, *GOOGLE], False, "google"),
        (ANTHROPIC, True, "google"),
    ],
)
def test_headers_tell_whose_list_of_models_is_meant(
    headers: list[tuple[bytes, bytes]], keyed: bool, family: str
) -> None:
    assert ADDRESSES.family("/v1/files", headers, keyed=keyed) == family
    for path in ("/models", "/v1/models", "/v1beta/models"):
        assert found(path, headers, keyed=keyed) == Address(family)
    one = found("/v1/models/small", headers, keyed=keyed)
    assert one == Address(family, name="small")


@pytest.mark.parametrize("mount", ["openai", "anthropic", "google"])
@pytest.mark.parametrize("headers", [[], ANTHROPIC, GOOGLE])
def test_a_mount_tells_it_whatever_the_headers_say(mount: str, headers: list[tuple[bytes, bytes]]) -> None:
    listed, one = found(f"/{mount}/v1/models", headers), found(f"/{mount}/models/a/b", headers, keyed=True)
    assert (listed, one) == (
        Address(mount),
        Address(mount, name="a/b"),
    )


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/anthropic/v1/messages/batches", "anthropic"),
        ("/google", "google"),
        ("/openai/v1/files", "openai"),
        ("/other/google", "anthropic"),
        ("/", "anthropic"),
        ("", "anthropic"),
    ],
)
def test_where_nothing_is_a_mount_still_tells_whose_client_it_is(path: str, family: str) -> None:
    assert ADDRESSES.family(path, ANTHROPIC, keyed=False) == family


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/v1/models/evroc/magistral-small", [], "evroc/magistral-small"),
        ("/v1/models/models/small", [], "models/small"),
        ("/v1/models/models/small", GOOGLE, "small"),
        ("/v1/models/claude-v1:0", ANTHROPIC, "claude-v1:0"),
        ("/v1/models/claude-v1:predict", GOOGLE, "claude-v1:predict"),
        ("/v1/models/", [], ""),
    ],
)
def test_one_model_is_meant_by_its_whole_name(path: str, headers: list[tuple[bytes, bytes]], name: str) -> None:
    meant = found(path, headers)
    assert meant is not None
    assert (meant.name, meant.dialect) == (name, None)


# --- nobody's ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1",
        "/v2/chat/completions",
        "/v1/v1/v1/messages",
        "/chat/completions/",
        "/chat/completions/more",
        "/v1/messages/batches",
        "/v1/responses/compact",
        "/v1/files",
        "/v1beta/cachedContents",
        "/v1/modelsx",
        "/OpenAI/v1/chat/completions",
        "/other/v1/chat/completions",
        "/openai/google/v1/models",
        "chat/completions",
        "/livez",
        "/v1/catalog/models",
        "/v1/chat/completions\n",
    ],
)
def test_other_paths_are_no_sdks(path: str) -> None:
    assert found(path) is None


# --- what the dialect is told ----------------------------------------------------------------------------------------


def asked(meant: Address, query: str = "", **headers: str) -> PromptHead:
    fields = Fields((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return meant.prompt_head(fields, query.encode("latin-1"), "strict")


def test_a_dialect_is_told_endpoint_policy_and_model() -> None:
    plain = asked(CHAT)
    assert (plain.operation.name, plain.policy, plain.model, plain.verb) == ("chat", "strict", "", "")
    assert (plain.streaming, plain.framing, plain.version, plain.betas) == (False, "events", "", ())
    counting = asked(google("countTokens", "a/b"))
    assert (counting.operation.name, counting.model, counting.verb) == ("count_tokens", "a/b", "countTokens")


@pytest.mark.parametrize(
    ("verb", "query", "streaming", "framing"),
    [
        ("generateContent", "", False, "events"),
        ("generateContent", "alt=json", False, "events"),
        ("streamGenerateContent", "alt=sse", True, "events"),
        ("streamGenerateContent", "beta=true&alt=sse&$alt=json;enum-encoding=int", True, "events"),
        ("streamGenerateContent", "", True, "array"),
        ("streamGenerateContent", "alt=json", True, "array"),
        ("streamGenerateContent", "$alt=json;enum-encoding=int", True, "array"),
        ("streamGenerateContent", "alt=", True, "array"),
    ],
)
def test_googles_streams_are_events_or_an_array(verb: str, query: str, streaming: bool, framing: str) -> None:
    told = asked(google(verb), query)
    assert (told.streaming, told.framing) == (streaming, framing)


@pytest.mark.parametrize("query", ["beta=true", "limit=1000", "api-version=2026-10-21", "%zz&&==&\xff", "alt=sse"])
def test_other_queries_change_nothing(query: str) -> None:
    assert asked(CHAT, query) == asked(CHAT)


@pytest.mark.parametrize(
    ("header", "betas"),
    [
        ("", ()),
        ("context-1m-2025-08-07", ("context-1m-2025-08-07",)),
        ("a,b", ("a", "b")),
        (" a , ,b,", ("a", "b")),
    ],
)
def test_anthropics_headers_are_told(header: str, betas: tuple[str, ...]) -> None:
    told = asked(POSTED["/messages"], anthropic_version="2023-06-01", anthropic_beta=header)
    assert (told.version, told.betas) == ("2023-06-01", betas)
