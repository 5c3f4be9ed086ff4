# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest

from gateway.core.limits import Concurrent
from gateway.core.organisation import Budget, DataClass, Organisation, Team
from gateway.declarations.organisation import read_organisation, read_teams
from tests.declarations.papers import page, told

HEAD = 'id = "acme"\nname = "Acme"\npolicy = "open"\n'
TEAM = '[teams.research]\nname = "Research"\npolicy = "open"\n'


def test_the_organisation_is_read_whole() -> None:
    paper = page(
        HEAD + 'default_class = "personal"\nharmless = ["seed"]\n'
        '[classes.personal]\npolicy = "strict"\n[[budgets]]\nlimit = "500.00"\nwindow = "month"\n'
    )
    found = read_organisation(paper)
    paper.close()
    assert told(paper) == []
    assert found == Organisation(
        "acme",
        "Acme",
        "open",
        {"personal": DataClass("personal", "strict")},
        "personal",
        (Budget(500_000_000_000, "month"),),
        frozenset({"seed"}),
    )


def test_models_and_data_classes_have_budgets_of_their_own() -> None:
    budget = 'limit = "5"\nwindow = "week"\n'
    text = f'[[models."small-3.2".budgets]]\n{budget}[classes.personal]\npolicy = "open"\n[[classes.personal.budgets]]\n{budget}'
    paper = page(HEAD + text)
    found = read_organisation(paper)
    paper.close()
    assert told(paper) == []
    assert found.model_budgets == {"small-3.2": (Budget(5_000_000_000, "week"),)}
    assert found.classes["personal"].budgets == (Budget(5_000_000_000, "week"),)


def test_days_begin_in_utc_unless_a_time_zone_is_stated() -> None:
    assert read_organisation(page(HEAD)).timezone == "UTC"
    assert read_organisation(page(HEAD + 'timezone = "Europe/Stockholm"')).timezone == "Europe/Stockholm"


def test_teams_are_read_by_their_ids() -> None:
    paper = page(TEAM + 'classes = ["personal"]\n[[teams.research.budgets]]\nlimit = 0.000000001\nwindow = "day"\n')
    found = read_teams(paper)
    paper.close()
    assert told(paper) == []
    team = Team("research", "Research", "open", frozenset({"personal"}), (Budget(1, "day"),))
    assert found == {"research": team}


def test_end_users_are_told_apart_only_where_a_team_says_so() -> None:
    assert not read_teams(page(TEAM))["research"].end_users
    assert read_teams(page(TEAM + "end_users = true\n"))["research"].end_users
    paper = page(TEAM + 'end_users = "yes"\n')
    assert not read_teams(paper)["research"].end_users
    assert any("end_users" in fault for fault in told(paper))


def test_organisation_team_and_each_of_its_keys_have_limits_of_their_own() -> None:
    paper = page(HEAD + "[[limits]]\nconcurrent = 100\n")
    assert read_organisation(paper).limits == (Concurrent(100),)
    limits = "[[teams.research.limits]]\nconcurrent = 20\n[[teams.research.key_limits]]\nconcurrent = 4\n"
    team = read_teams(page(TEAM + limits))["research"]
    assert (team.limits, team.key_limits) == ((Concurrent(20),), (Concurrent(4),))


def test_a_budget_of_nothing_is_a_budget() -> None:
    paper = page(TEAM + '[[teams.research.budgets]]\nlimit = 0\nwindow = "total"\n')
    assert read_teams(paper)["research"].budgets == (Budget(0, "total"),)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD.replace('policy = "open"', ""), 'policy: is missing; add policy = "…", the policy that holds for everybody (policies/ has them)'),
        (HEAD.replace('"acme"', '"Acme Inc"'), 'id: "Acme Inc" is not a name; write it with lower-case letters, digits and hyphens'),
        (HEAD + "[classes.personal]", 'classes.personal.policy: is missing; add policy = "…", the policy that requests of this class are held to'),
        (HEAD + '[classes."Very secret"]\npolicy = "open"', 'classes.Very secret: "Very secret" is not a name; write it with lower-case letters, digits and hyphens'),
        (HEAD + 'classes = ["personal"]', 'classes: ["personal"] is not a table; write [classes] and its keys below it'),
        (HEAD + "deflt = 1", "deflt: is not a key here; use one of budgets, classes, default_class, harmless, holds, home, id, limits, models, name, policy, shared_pseudonyms, timezone, or remove it"),
        (HEAD + 'timezone = "Stockholm"', 'timezone: "Stockholm" must be a time zone; write its name in full: timezone = "Europe/Stockholm"'),
        (HEAD + "[holds]\nbytes_per_token = 0", "holds.bytes_per_token: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        (HEAD + "[holds]\nbytes_per_token = 9", "holds.bytes_per_token: no text has 9 bytes in each token; write 1, which no tokenizer exceeds, or an estimate such as 3"),
        (HEAD + 'timezone = "../etc"', 'timezone: "../etc" must be a time zone; write its name in full: timezone = "Europe/Stockholm"'),
        (HEAD + 'timezone = "Europe"', 'timezone: "Europe" must be a time zone; write its name in full: timezone = "Europe/Stockholm"'),
    ],
)  # fmt: skip
def test_a_faulty_organisation_is_reported(text: str, fault: str) -> None:
    paper = page(text)
    read_organisation(paper)
    paper.close()
    assert [line for line in told(paper) if "Very secret.policy" not in line] == [f"paper.toml: {fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "teams: no team is declared, so no key can be made; add [teams.everyone] with name and policy"),
        ("[teams.research]\nname = 'R'", 'teams.research.policy: is missing; add policy = "…" (policies/ has them)'),
        (TEAM + '[teams."Two words"]\nname = "x"\npolicy = "open"', 'teams.Two words: "Two words" is not a name; write it with'),
    ],
)  # fmt: skip
def test_a_faulty_team_is_reported(text: str, fault: str) -> None:
    paper = page(text)
    read_teams(paper)
    paper.close()
    assert told(paper)[0].startswith(f"paper.toml: {fault}")


def test_the_places_that_count_as_inside_may_be_stated() -> None:
    assert read_organisation(page(HEAD)).home == ""
    assert read_organisation(page(HEAD + 'home = "EEA"')).home == "EEA"


def test_how_many_bytes_are_held_as_a_token_is_stated_or_one() -> None:
    assert read_organisation(page(HEAD)).bytes_per_token == 1
    assert not read_organisation(page(HEAD)).shared_pseudonyms
    assert read_organisation(page(HEAD + "shared_pseudonyms = true")).shared_pseudonyms
    assert read_organisation(page(HEAD + "[holds]\nbytes_per_token = 3")).bytes_per_token == 3
