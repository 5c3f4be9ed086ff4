# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date

import pytest

from gateway.core.catalog import Auth, Billing, Connection, Fact, Feature, Provider, TreatmentException
from gateway.core.evidence import Source
from gateway.core.posture import Training
from gateway.core.token_kinds import TokenAuth
from gateway.declarations.catalog import ProviderDocument, read_provider
from tests.declarations.papers import REGIONS, page, told

CONNECTION = """
[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "https://api.evroc.example/v1"
"""
HEAD = """
id = "evroc"
name = "Evroc"
operator = "evroc AB"
read_on = 2026-11-23
sources = ["terms"]
"""
POSTURE = '[posture]\ntraining = "no"\n'
READ = date(2026, 11, 23)


def provider(text: str, pinned: date | None = None) -> tuple[ProviderDocument, list[str]]:
    paper = page(text)
    found = read_provider(paper, "evroc", REGIONS, pinned)
    paper.close()
    return found, told(paper)


@pytest.mark.parametrize(("stated", "bills"), [("true", True), ("false", False), ('"unknown"', None)])
def test_a_record_states_whether_it_bills_what_nobody_reads(stated: str, bills: bool | None) -> None:
    billing = f'[billing]\nbills_after_disconnect = {stated}\nsource = "its page"\nread_on = 2026-11-23\n'
    found, faults = provider(HEAD + CONNECTION + POSTURE + billing)
    assert (found.provider.billing, faults) == (Billing(bills, source="its page", read_on=READ), [])
    assert provider(HEAD + CONNECTION + POSTURE)[0].provider.billing == Billing(), "unknown"


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        ("/generation?id={id}", True),
        ("/generations/{id}/cost", True),
        ("/generation", False),
        ("generation?id={id}", False),
        ("/a b?id={id}", False),
        ("/{id}?other={id}", False),
        ("https://elsewhere.example/{id}", False),
    ],
)
def test_the_path_of_a_generation_s_record_has_its_id_once(path: str, is_read: bool) -> None:
    billing = f'[billing]\ngeneration_path = "{path}"\nsource = "its page"\nread_on = 2026-11-23\n'
    found, faults = provider(HEAD + CONNECTION + POSTURE + billing)
    assert (found.provider.billing.generation_path, bool(faults)) == (path if is_read else "", not is_read)


def test_a_statement_on_billing_has_a_source_and_a_day() -> None:
    _, faults = provider(HEAD + CONNECTION + POSTURE + '[billing]\nbills_after_disconnect = "no"\n')
    assert len(faults) == 3, "no flag, no source, no day"


def test_a_record_is_read_whole() -> None:
    text = (
        'parent = "Holding"\nplan = "standard"\nverified_on = 2026-11-24\n'
        + HEAD
        + CONNECTION
        + POSTURE
        + '[obtainable]\ntraining = "no"\n[notes]\nzdr = "on request"\n'
    )
    found, faults = provider(text)
    fact = Fact(Training.NO, READ, date(2026, 11, 24), (Source("terms"),))
    assert faults == []
    assert found.provider == Provider(
        id="evroc",
        name="Evroc",
        operator="evroc AB",
        connection=Connection(
            "openai_chat",
            Auth.BEARER,
            "https://api.evroc.example/v1",
            other_kinds={"embedding": "openai_embeddings"},
        ),
        facts={"training": fact},
        obtainable={"training": fact},
        parent="Holding",
        plan="standard",
        read_on=READ,
        verified_on=date(2026, 11, 24),
        sources=(Source("terms"),),
        notes={"zdr": "on request"},
    )


def test_a_connection_says_how_it_is_called() -> None:
    text = CONNECTION + (
        'also_speaks = ["anthropic_messages", "openai_responses"]\nsystem_role = "developer"\nlenient = false\nembeddings = false\n'
        'output_limit = "max_completion_tokens"\nstream_usage = "always"\naccepts_store = true\nsource = "docs"\n'
    )
    found, faults = provider(HEAD + text + POSTURE)
    assert faults == []
    assert found.provider.connection == Connection(
        "openai_chat",
        Auth.BEARER,
        "https://api.evroc.example/v1",
        output_limit="max_completion_tokens",
        stream_usage="always",
        accepts_store=True,
        source="docs",
        also=("openai_responses", "anthropic_messages"),
        system_role="developer",
        lenient=False,
    )


def test_an_exception_touches_models_features_or_both() -> None:
    text = """
[[exceptions]]
id = "labs"
note = "Labs models."
models = ["small"]
features = ["web_search", "files"]
[exceptions.posture]
training = "yes"
"""
    found, faults = provider(HEAD + CONNECTION + POSTURE + text)
    (exception,) = found.provider.exceptions
    assert faults == []
    assert exception == TreatmentException(
        "labs",
        {"training": Fact(Training.YES, READ, None, (Source("terms"),))},
        frozenset({"small"}),
        frozenset({Feature.WEB_SEARCH, Feature.FILES}),
        "Labs models.",
    )


def test_an_exception_without_models_is_for_every_model() -> None:
    text = '[[exceptions]]\nid = "all"\n[exceptions.posture]\ntraining = "yes"\n'
    found, _ = provider(HEAD + CONNECTION + POSTURE + text)
    assert found.provider.exceptions[0].applies("any", frozenset())


def test_the_operator_may_have_to_give_the_whole_address() -> None:
    given = CONNECTION.replace('base_url = "https://api.evroc.example/v1"', 'settings = ["base_url"]')
    for connection in (given, given + 'base_url = "{base_url}"\n'):
        found, faults = provider(HEAD + connection + POSTURE)
        assert (found.provider.connection.base_url, faults) == ("{base_url}", [])


def test_the_bundled_provider_may_be_plain_and_was_read_today() -> None:
    today = date(2026, 11, 24)
    text = (
        HEAD.replace("read_on = 2026-11-23", "")
        + CONNECTION.replace("https://api.evroc.example", "http://127.0.0.1:8080")
        + POSTURE
    )
    found, faults = provider(text, pinned=today)
    assert faults == []
    assert (found.provider.sandbox, found.provider.read_on) == (True, today)
    assert found.provider.facts["training"].read_on == today


def test_a_record_that_cannot_be_called_says_why() -> None:
    text = CONNECTION.replace("openai_chat", "none") + 'callable = false\nwhy_not = "signed requests"\n'
    found, faults = provider(HEAD + text + POSTURE)
    assert (found.provider.connection.why_not, faults) == ("signed requests", [])


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://models.internal/v1", True),
        ("https://{resource}.provider.example/v1", True),
        ("http://8.8.8.8/v1", False),
        ("http://models.provider.example/v1", False),
        ("ftp://vllm/v1", False),
        ("https:///v1", False),
        ("http://[v1", False),
    ],
)
def test_prompts_leave_the_own_network_encrypted_or_not_at_all(address: str, may: bool) -> None:
    settings = 'settings = ["resource"]\n' if "{" in address else ""
    text = HEAD + CONNECTION.replace("https://api.evroc.example/v1", address) + settings + POSTURE
    _, faults = provider(text)
    assert (faults == []) is may


WHOLE = HEAD + CONNECTION + POSTURE


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE.replace('id = "evroc"', 'id = "evrok"'), 'id: "evrok" is not the name of the file; call the file evrok.toml or write "evroc"'),
        (WHOLE.replace('id = "evroc"', ""), 'id: is missing; add id = "evroc"'),
        (WHOLE.replace("read_on = 2026-11-23", ""), "read_on: is missing; add read_on = 2026-11-23"),
        (HEAD + POSTURE, "connection: is missing; add [connection] and its keys"),
        (HEAD + CONNECTION, "posture: is missing; add [posture] and its dimensions"),
        (WHOLE.replace("openai_chat", "openai-chat"), 'connection.dialect: "openai-chat" is not a value of dialect; use one of anthropic_messages, bedrock_converse, cohere_chat, google_generate, none, openai_chat, openai_responses (did you mean openai_chat?)'),
        (WHOLE.replace('"bearer"', '"basic"'), 'connection.auth: "basic" is not a value of auth; use one of api-key, bearer, none, x-api-key, x-goog-api-key'),
        (WHOLE.replace("https://", "http://"), 'connection.base_url: "http://api.evroc.example/v1" is neither https:// nor http:// within your own network; write the whole address, with https; http only for loopback, private addresses and internal names'),
        (WHOLE.replace("api.evroc", "{resource}"), 'connection.base_url: {resource} is not in settings; write settings = ["resource"]'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nsettings = ["place"]'), 'connection.settings: "place" has no place in base_url; write {place} there, or remove it'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nsettings = ["key"]'), 'connection.settings: "key" cannot be a setting; use lower-case letters, digits and _'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\ncallable = false'), 'connection.why_not: is missing, and callable = false; add why_not = "the reason"'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nwhy_not = "x"'), "connection.why_not: gives a reason, and the record is callable; write callable = false, or remove it"),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nalso_speaks = ["openai_chat"]'), 'connection.also_speaks: "openai_chat" is its dialect already; remove it'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nalso_speaks = ["bedrock_converse"]'), 'connection.also_speaks: "bedrock_converse" is not a value of also_speaks; use one of anthropic_messages, google_generate, openai_chat, openai_completions, openai_responses'),
        (WHOLE.replace('auth = "bearer"', 'auth = "bearer"\nsystem_role = "user"'), 'connection.system_role: "user" is not a value of system_role; use one of developer, system'),
        (WHOLE.replace("[posture]", '[connection.token]\nkind = "gcp"\n[posture]'), 'connection.token.kind: "gcp" is not a value of kind; use one of aws, entra, google'),
        (WHOLE.replace('dialect = "openai_chat"', 'dialect = "openai_chat"\nquery = "a b"'), 'connection.query: "a b" is not a query; write one such as "api-version=2024-10-21"'),
        (WHOLE.replace("[posture]", '[connection.paths]\nopenai_chat = "v1/"\n[posture]'), 'connection.paths.openai_chat: "v1/" is not a path; write one such as "/anthropic/v1", without a final slash'),
        (WHOLE.replace("[posture]", '[connection.carriers]\nanthropic_messages = "raw"\n[posture]'), 'connection.carriers.anthropic_messages: "raw" is not a value of anthropic_messages; use one of bedrock_invoke, vertex_raw_predict'),
        (WHOLE.replace("[posture]", '[connection.token]\nkind = "aws"\nservice = "bedrock"\n[posture]'), 'connection.token.region: is missing; add region = "…"'),
        (WHOLE.replace("[posture]", '[connection.token]\nkind = "aws"\nservice = "bedrock"\nregion = "{region}"\n[posture]'), 'connection.token.region: {region} is not in settings of the connection; add "region" there'),
        (WHOLE.replace("openai_chat", "none"), 'connection.dialect: a record without a dialect cannot be called; add callable = false and why_not = "…"'),
        (WHOLE.replace('base_url = "https://api.evroc.example/v1"', ""), 'connection.base_url: is missing; add it, or settings = ["base_url"] if the operator gives the address'),
        (WHOLE + '[obtainable]\ntraining = "unknown"', "obtainable.training: nobody can obtain what is unknown; write what a contract could put in force"),
        (WHOLE + '[[exceptions]]\nid = "x"', "exceptions[x].posture: is missing; add [exceptions.posture] and the dimensions that are worse"),
        (WHOLE + '[[exceptions]]\nid = "x"\n[exceptions.posture]', 'exceptions[x].posture: states no dimension; write what is worse, or training = "unknown" and the like'),
        (WHOLE + '[[exceptions]]\nid = "x"\nmodels = []\n[exceptions.posture]\ndpa = "missing"', "exceptions[x].models: an exception for no model; list the models, or leave it out to mean every model"),
        (WHOLE + '[[exceptions]]\nid = "x"\nfeatures = ["search"]\n[exceptions.posture]\ndpa = "missing"', 'exceptions[x].features: "search" is not a value of features; use one of background, batch, explicit_cache, files, inference_place, remote_urls, stored_responses, unlisted, web_search (did you mean web_search?)'),
        (WHOLE + 2 * '[[exceptions]]\nid = "x"\n[exceptions.posture]\ndpa = "missing"\n', 'exceptions[x].id: "x" is declared already; give it a name of its own'),
    ],
)  # fmt: skip
def test_a_faulty_record_is_reported(text: str, fault: str) -> None:
    _, faults = provider(text)
    assert faults == [f"paper.toml: {fault}"]


def test_a_connection_says_which_tokens_it_takes() -> None:
    token = '[connection.token]\nkind = "aws"\nservice = "bedrock"\nregion = "eu-central-1"\n'
    found, faults = provider(HEAD + CONNECTION + token + POSTURE)
    assert faults == []
    assert found.provider.connection.token == TokenAuth("aws", {"service": "bedrock", "region": "eu-central-1"})


def test_a_connection_says_under_which_path_and_in_which_form_a_dialect_is_spoken() -> None:
    tables = '[connection.paths]\nopenai_chat = "/openai/v1"\nopenai_embeddings = "/deployments/{model}"\n[connection.carriers]\nanthropic_messages = "bedrock_invoke"\n'
    found, faults = provider(HEAD + CONNECTION + tables + POSTURE)
    assert faults == []
    paths = {"openai_chat": "/openai/v1", "openai_embeddings": "/deployments/{model}"}
    assert found.provider.connection.paths == paths
    assert found.provider.connection.carriers == {"anthropic_messages": "bedrock_invoke"}


def test_a_connection_says_for_which_values_of_a_setting_its_statements_hold() -> None:
    connection = CONNECTION.replace("api.evroc", "{region}") + 'settings = ["region"]\n'
    found, faults = provider(HEAD + connection + '[connection.values]\nregion = ["se-1", "se-2"]\n' + POSTURE)
    assert faults == []
    assert found.provider.connection.values == {"region": ("se-1", "se-2")}


OTHERWISE = '[[routes]]\nmodel = "a"\nupstream_model = "b"\ndialect = "openai_chat"\n'
SENDING = """
[connection]
dialect = "anthropic_messages"
auth = "x-api-key"
base_url = "https://api.evroc.example/v1"
source = "docs"
[connection.sends]
inference_geo = "us"
"""


def test_a_record_may_fix_the_place_of_processing() -> None:
    found, faults = provider(HEAD + SENDING + POSTURE)
    assert (faults, found.provider.connection.sends) == ([], {"inference_geo": "us"})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (SENDING.replace("inference_geo", "system"), "cannot be sent in anthropic_messages"),
        (SENDING.replace("anthropic_messages", "openai_chat"), "cannot be sent in openai_chat"),
        (
            SENDING.replace("[connection.sends]", 'also_speaks = ["openai_chat"]\n[connection.sends]'),
            "one dialect alone",
        ),
        (SENDING + POSTURE + OTHERWISE, "its own dialect alone"),
    ],
)
def test_a_place_that_a_request_could_lack_is_a_fault(text: str, what: str) -> None:
    _, faults = provider(HEAD + text + ("" if POSTURE in text else POSTURE))
    assert any(what in fault for fault in faults), faults
