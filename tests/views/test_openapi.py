"""The document against what the reports really read, and against itself."""

from __future__ import annotations

import re
from typing import Any

from gateway.reports import places, policies, receipts, spend
from gateway.views.api_queries import DeclaredWords
from gateway.views.limits import MEMBERS
from gateway.views.openapi import COMPATIBLE, ENDPOINTS, openapi

WORDS = DeclaredWords(("EEA", "EU"), "USD")
DOCUMENT: Any = openapi("https://gateway.example", WORDS)


def test_each_query_is_the_one_that_its_report_reads() -> None:
    query = {each.path: set(each.query) for each in ENDPOINTS}
    assert query["/v1/receipts"] == {*receipts.MEMBERS}
    assert query["/v1/places"] == {*places.MEMBERS}
    assert query["/v1/spend"] == {*spend.MEMBERS}
    assert query["/v1/policies/draft"] == {*MEMBERS}
    assert query["/v1/policies/why"] == {*MEMBERS, *policies.WHY}


def test_every_path_declares_its_variables_and_every_reference_resolves() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            declared = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert declared == re.findall(r"{(\w+)}", path)
            names = [each["name"] for each in operation["parameters"]]
            assert len(names) == len({*names})
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert {*re.findall(r"#/components/schemas/\w+", repr(DOCUMENT))} == schemas


def test_an_endpoint_of_a_vendor_links_to_its_official_reference() -> None:
    for method, path, url, _ in COMPATIBLE:
        assert DOCUMENT["paths"][path][method]["externalDocs"] == {"url": url}
        assert url.startswith("https://")


def test_only_public_endpoints_need_no_key() -> None:
    assert DOCUMENT["security"]
    open_paths = {path for path, methods in DOCUMENT["paths"].items() if methods.get("get", {}).get("security") == []}
    assert open_paths == {each.path for each in ENDPOINTS if each.public}
    assert not any(path.startswith("/v1") for path in open_paths)
