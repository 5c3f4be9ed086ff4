"""`safeconduct keys`, beside a gateway and without one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.commands.keys import moment
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop
from gateway.stores.journal.journal import Journal
from tests.builders import NOW
from tests.commands.calling import Called, a_state, call, documents
from tests.commands.conftest import Running


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return [*documents(tmp_path), "--state", a_state(tmp_path / "state")]


def create(options: list[str], *words: str, json: bool = True) -> Called:
    return call("keys", "create", "--team", "research", *words, *options, json=json)


def test_a_new_key_is_shown_once_and_listed_without_its_secret(options: list[str]) -> None:
    made = create(
        options, "--policy", "strict", "--label", "laptop", "--class", "personal", "--budget", "50/month"
    ).json
    assert made["secret"].startswith("sc_")
    listed = call("keys", "list", *options, json=True)
    (key,) = listed.json["keys"]
    assert {name: key[name] for name in ("id", "team", "policy", "label", "state", "classes", "budgets")} == {
        "id": made["id"],
        "team": "research",
        "policy": "strict",
        "label": "laptop",
        "state": "active",
        "classes": ["personal"],
        "budgets": ["50/month"],
    }
    assert made["secret"] not in listed.out


def test_budgets_of_a_key_may_be_soft_or_clamp(options: list[str]) -> None:
    words = ("--budget", "50/month,clamp=256", "--budget", "40/month,soft", "--budget", "5/day")
    made = create(options, "--policy", "strict", *words).json
    (key,) = call("keys", "list", *options, json=True).json["keys"]
    assert key["budgets"] == made["budgets"] == ["50/month,clamp=256", "40/month,soft", "5/day"]


@pytest.mark.parametrize("budgets", [["5/day", "6/day,clamp=9"], ["5/day,soft", "6/day,soft"], ["5/day,hard"]])
def test_two_of_a_kind_in_a_window_are_refused(options: list[str], budgets: list[str]) -> None:
    words = [word for budget in budgets for word in ("--budget", budget)]
    assert create(options, "--policy", "strict", *words).code == MISUSED


def test_a_key_beyond_its_soft_budget_is_served_and_told(running: Running) -> None:
    words = ("--team", "research", "--policy", "unrestricted", "--budget", "0.000000001/month,soft")
    secret = call("keys", "create", *words, *running.options, json=True).json["secret"]
    first, second = (running.ask(authorization=f"Bearer {secret}") for _ in range(2))
    assert "x-safeconduct-budget" not in first.headers  # nothing was spent before it
    assert (second.status_code, second.headers["x-safeconduct-budget"]) == (200, "soft_exceeded key/month")


def test_the_secret_is_kept_nowhere(options: list[str], tmp_path: Path) -> None:
    secret = create(options, "--policy", "strict").json["secret"].encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "journal.sqlite" for path in files)
    assert not any(secret in path.read_bytes() for path in files)


def test_people_read_the_secret_on_a_line_of_its_own(options: list[str]) -> None:
    called = create(options, "--policy", "strict", "--expires", "90d", json=False)
    assert called.out.splitlines()[-1].startswith("sc_")
    assert "until 2027-02-22T12:00:00+00:00" in called.out


def test_people_read_a_key_on_two_lines(options: list[str]) -> None:
    made = create(
        options,
        "--policy",
        "strict",
        "--label",
        "laptop",
        "--class",
        "personal",
        "--expires",
        "90d",
        "--budget",
        "50/month",
    ).json
    lines = [line.split() for line in call("keys", "list", *options).out.splitlines() if line.split()]
    assert lines[-2:] == [
        [made["id"], "active", "research", "personal", "2026-11-24"],
        ["laptop", "strict", "50/month", "2027-02-22"],
    ]


def test_a_revoked_key_stays_listed(options: list[str]) -> None:
    made = create(options, "--policy", "strict").json
    revoked = call("keys", "revoke", made["id"], *options, json=True).json
    assert (revoked["id"], revoked["state"]) == (made["id"], "revoked")
    assert call("keys", "list", *options, json=True).json["keys"][0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "--policy", "strict"], "a key belongs to a team"),
        (["create", "--team", "research"], "a key needs a policy"),
        (["create", "--team", "research", "--policy", "strikt"], "unknown policy"),
        (["create", "--team", "nobody", "--policy", "strict"], "unknown team"),
        (["create", "--team", "research", "--policy", "strict", "--class", "x"], "unknown data class"),
        (
            ["create", "--team", "research", "--policy", "strict", "--expires", "soon"],
            "--expires must be a time span or a date",
        ),
        (["revoke", "key_1"], "unknown key id"),
        (["revoke", "sc_secret"], "a key is named by its id, not by itself"),
        (["revoke", "key_1/../../reload"], "this is not the id of a key"),
        (["rotate", "key_1"], "unknown key id"),
        (["rotate", "sc_secret"], "a key is named by its id, not by itself"),
        (["rotate", "key_1", "--overlap", "soon"], "--overlap must be 0 or a time span"),
        (["rotate", "key_1", "--overlap", "99999w"], "--overlap must be 0 or a time span"),
        (["rotate", "key_1", "--expires", "soon"], "--expires must be a time span or a date"),
    ],
)
def test_what_is_missing_or_undeclared_is_said(options: list[str], words: list[str], said: str) -> None:
    called = call("keys", *words, *options)
    assert called.code == MISUSED
    assert called.stop is not None
    assert said in called.stop.what
    assert called.stop.do
    assert "sc_secret" not in f"{called.stop.what} {called.stop.do}"


def test_without_any_key_the_list_says_how_one_is_made(options: list[str]) -> None:
    assert "keys create --team T --policy P" in call("keys", "list", *options).out


def test_under_another_process_lock_nothing_is_written_and_its_holder_is_named(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gateway that is starting: it has the journal, and no socket yet."""
    journal = Journal.open(tmp_path / "state", "process")
    try:
        assert main(["keys", "create", "--team", "research", "--policy", "strict", *options]) == FAILED
    finally:
        journal.close()
    out, notes = capsys.readouterr()
    assert out == ""
    assert f"held by another process (pid {os.getpid()})" in notes
    assert call("keys", "list", *options, json=True).json["keys"] == []


def test_only_in_the_sandbox_is_there_a_default_policy(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "policies/unrestricted.toml").write_text('name = "unrestricted"\npurpose = "Everything."\n')
    assert create([*options, "--sandbox"]).json["policy"] == "unrestricted"


def test_a_key_has_another_secret_and_the_old_one_for_a_while(options: list[str]) -> None:
    made = create(options, "--policy", "strict", "--label", "laptop", "--expires", "90d", "--budget", "50/month").json
    rotated = call("keys", "rotate", made["id"], "--overlap", "12h", *options, json=True).json
    assert rotated["secret"] != made["secret"]
    assert rotated["replaced_until"] == "2026-11-25T00:00:00+00:00"
    assert {**rotated, "secret": made["secret"]} == {**made, "replaced_until": rotated["replaced_until"]}
    listed = call("keys", "list", *options, json=True).json["keys"]
    assert [(key["id"], key["expires_at"]) for key in listed] == [
        (made["id"], "2026-11-25T00:00:00+00:00"),
        (made["id"], "2027-02-22T12:00:00+00:00"),
    ]
    assert call("keys", "revoke", made["id"], *options).code == 0
    assert {key["state"] for key in call("keys", "list", *options, json=True).json["keys"]} == {"revoked"}
    refused = call("keys", "rotate", made["id"], *options)
    assert refused.stop is not None
    assert "revoked" in refused.stop.what


@pytest.mark.parametrize(
    ("overlap", "said"), [("7d", "until 2026-12-01T12:00:00+00:00"), ("0", "the old one opens nothing")]
)
def test_people_read_until_when_the_old_secret_opens(options: list[str], overlap: str, said: str) -> None:
    made = create(options, "--policy", "strict").json
    called = call("keys", "rotate", made["id"], "--overlap", overlap, *options)
    assert said in called.out
    assert called.out.splitlines()[-1].startswith("sc_")


def test_a_running_gateway_rotates_keys_at_once(running: Running) -> None:
    made = create(running.options, "--policy", "open").json
    for overlap, status in (("1h", 200), ("0", 401)):
        rotated = call("keys", "rotate", made["id"], "--overlap", overlap, *running.options, json=True).json
        for secret, expected in ((rotated["secret"], 200), (made["secret"], status)):
            assert running.ask(authorization=f"Bearer {secret}").status_code == expected


def test_a_running_gateway_makes_and_revokes_keys_at_once(running: Running) -> None:
    made = create(running.options, "--policy", "open").json
    headers = {"authorization": f"Bearer {made['secret']}"}
    assert running.ask(**headers).status_code == 200
    call("keys", "revoke", made["id"], *running.options)
    assert running.ask(**headers).status_code == 401


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("90d", NOW + timedelta(days=90)),
        ("4w", NOW + timedelta(weeks=4)),
        ("2027-03-31", datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-03-31T12:00:00+00:00", datetime(2027, 3, 31, 12, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_span_a_day_or_a_moment(stated: str, meant: datetime) -> None:
    assert moment(stated, NOW) == meant


@pytest.mark.parametrize("stated", ["", "0d", "90", "d", "2027-02-30", "2027-03-31T12:00", "2026-01-01"])
def test_no_other_word_is_an_end(stated: str) -> None:
    with pytest.raises(Stop) as stopped:
        moment(stated, NOW)
    assert stopped.value.code == MISUSED


@pytest.mark.parametrize("words", [["list"], ["create", "--team", "research", "--policy", "open"], ["revoke", "key_1"]])
def test_a_mistyped_state_directory_is_an_error_and_is_not_made(tmp_path: Path, words: list[str]) -> None:
    mistyped = tmp_path / "mistyped"
    called = call("keys", *words, *documents(tmp_path), "--state", str(mistyped))
    assert called.code == FAILED
    assert not mistyped.exists()


def test_the_first_key_may_be_made_before_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    options = [*documents(tmp_path), "--state", str(tmp_path / "state")]
    assert create(options, "--policy", "open").code == 0
    assert len(call("keys", "list", *options, json=True).json["keys"]) == 1
