from __future__ import annotations

from typing import Any

from gateway.reports import spend
from gateway.views.api_queries import DeclaredWords, query_parameter
from gateway.views.limits import MEMBERS, limits_in

WORDS = DeclaredWords(("EEA", "EU"), "USD")
REGIONS = {"EU": frozenset({"SE"}), "EEA": frozenset({"SE", "NO"})}


def parameter(path: str, name: str, *, required: bool = False) -> Any:
    return query_parameter(path, name, required, WORDS)


def values_of(schema: Any) -> list[str]:
    """Values that a schema declares, each at least once."""
    if "anyOf" in schema:
        return [value for each in schema["anyOf"] for value in values_of(each)]
    if schema.get("type") == "array":
        return values_of(schema["items"])
    if schema.get("type") == "integer":
        return [str(schema["minimum"]), str(schema["maximum"])]
    return [schema["const"]] if "const" in schema else schema["enum"]


def test_every_declared_value_of_a_limit_is_understood() -> None:
    for name in MEMBERS:
        for value in values_of(parameter("/v1/policies/draft", name)["schema"]):
            assert (limits_in({name: [value]}, REGIONS, "draft") is None) is (value == "")


def test_groups_are_a_list_with_commas_and_a_measure_is_a_word() -> None:
    groups = parameter("/v1/spend", "by")
    assert (groups["style"], groups["explode"]) == ("form", False)
    assert values_of(groups["schema"]) == [*spend.DIMENSIONS]
    assert values_of(parameter("/v1/places", "by")["schema"]) == ["requests", "tokens", ""]


def test_a_member_that_is_needed_is_not_empty() -> None:
    needed = parameter("/v1/explain", "model", required=True)
    assert (needed["required"], needed["schema"]["minLength"]) == (True, 1)
    assert parameter("/v1/receipts", "model")["schema"] == {"type": "string", "maxLength": 256}
    assert {"const": ""} in parameter("/v1/receipts", "limit")["schema"]["anyOf"]


def test_words_of_the_documents_are_listed() -> None:
    assert values_of(parameter("/v1/places", "home")["schema"]) == ["EEA", "EU", ""]
    assert values_of(parameter("/v1/spend", "currency")["schema"]) == ["USD", ""]
