"""Destinations of profiles: asked with the record's credential, kept with their date, and in force at once."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.compose import destinations
from gateway.compose.destinations import DestinationQuestion
from gateway.compose.documents import DocumentSet
from gateway.compose.documents import read as read_documents
from gateway.compose.providers import Access, access
from gateway.core.catalog import ControlPlane, RouteId
from gateway.core.evaluation import Capabilities
from gateway.declarations.destinations import ObservedDestinations, written_destinations
from gateway.identity.operators import SIGNAL
from gateway.settings import Settings, read
from gateway.stores.journal.documents import Documents
from gateway.telemetry.events import DestinationsUnread
from gateway.telemetry.log import Log
from gateway.upstream.tokens.control_plane import ProfileAnswers
from tests.builders import a_connection, a_provider, a_route, a_snapshot
from tests.scripted import Connection, Provider, Received, reply

ROOT = Path(__file__).parents[2]
DAY = date(2026, 12, 1)
SETTINGS = {"region": "eu-central-1"}
QUESTION = DestinationQuestion("aws", "https://bedrock.example", SETTINGS)
OBSERVED = ObservedDestinations(QUESTION.url, date(2026, 11, 1), SETTINGS, {"eu.claude": ("eu-west-1",)}, "none")
ANSWER = ProfileAnswers({"eu.claude": ("eu-central-1",)}, "default")
ENVIRON = {
    "SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_KEY": "key",
    "SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_REGION": "eu-central-1",
}
ROUTE = RouteId("aws-bedrock-eu/claude-sonnet-4.6")


def test_a_record_is_asked_about_where_its_credential_and_settings_are_there() -> None:
    plane = ControlPlane("https://bedrock.{region}.example", {})
    cloud = a_provider("aws", connection=a_connection(settings=("region",), destinations=plane))
    snapshot = a_snapshot(a_route(cloud), a_route("beta"))
    asked = destinations.questions(snapshot, Access({"aws": "k", "beta": "k"}, {"aws": SETTINGS}))
    assert asked == (DestinationQuestion("aws", "https://bedrock.eu-central-1.example", SETTINGS),)
    assert destinations.questions(snapshot, Access({"aws": "k"}, {})) == ()
    assert destinations.questions(snapshot, Access({}, {"aws": SETTINGS})) == ()


@pytest.mark.parametrize(
    ("known", "heard", "expected"),
    [
        (None, {"aws": ANSWER}, replace(OBSERVED, read_on=DAY, profiles=ANSWER.profiles, retention_mode="default")),
        (OBSERVED, {}, OBSERVED),
        (replace(OBSERVED, settings={"region": "eu-west-1"}), {}, None),
        (replace(OBSERVED, url="https://elsewhere.example"), {}, None),
        (None, {}, None),
    ],
)
def test_an_older_answer_stands_for_the_same_address_alone(
    known: ObservedDestinations | None, heard: dict[str, ProfileAnswers], expected: ObservedDestinations | None
) -> None:
    before = written_destinations({"aws": known, "gone": OBSERVED} if known is not None else {})
    written = destinations.document(before, (QUESTION,), heard, DAY)
    assert written == (written_destinations({"aws": expected}) if expected is not None else b"")


def test_answers_are_kept_for_the_owner_alone_and_only_written_when_they_differ(tmp_path: Path) -> None:
    assert destinations.kept(tmp_path) == b""
    assert destinations.keep(tmp_path, b"a = 1")
    assert not destinations.keep(tmp_path, b"a = 1")
    assert destinations.kept(tmp_path) == b"a = 1"
    assert (tmp_path / destinations.FILE).stat().st_mode & 0o777 == 0o600
    assert destinations.keep(tmp_path, b"")
    assert destinations.kept(tmp_path) == b""


class ControlPlaneOfTheEu:
    """Answers with `regions` for Sonnet 4.6; refuses where there are none."""

    def __init__(self, *regions: str) -> None:
        self.regions = regions

    async def __call__(self, connection: Connection) -> None:
        while True:
            await connection.send(self._answer(await connection.request()))

    def _answer(self, request: Received) -> bytes:
        if not self.regions:
            return reply(403)
        if request.line.startswith("GET /data-retention"):
            return reply(body=b'{"mode":"default"}')
        models = [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/x"} for region in self.regions]
        summary = {"inferenceProfileId": "eu.anthropic.claude-sonnet-4-6", "models": models}
        return reply(body=json.dumps({"inferenceProfileSummaries": [summary]}).encode())


def settings_at(tmp_path: Path, url: str) -> Settings:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    record = tmp_path / "config/catalog/aws-bedrock-eu.toml"
    record.write_text(record.read_text().replace("https://bedrock.{region}.amazonaws.com", url))
    (tmp_path / "state").mkdir()
    return read({"SAFECONDUCT_CONFIG": str(tmp_path / "config"), "SAFECONDUCT_STATE": str(tmp_path / "state")})


def places(documented: DocumentSet) -> Any:
    """The countries of every exception about the model."""
    provider = documented.snapshot().routes[ROUTE].provider
    return [e.facts["processed_in"].value for e in provider.exceptions if e.id == "destinations-claude-sonnet-4.6"]


async def test_a_profile_that_reaches_further_is_known_at_once_and_after_a_reload(tmp_path: Path) -> None:
    plane, output = ControlPlaneOfTheEu("eu-central-1", "eu-west-1"), io.BytesIO()
    async with Provider(plane) as provider:
        settings = settings_at(tmp_path, provider.url)
        documents, log = Documents(settings.state), Log(output)
        documented = DocumentSet(settings, lambda snapshot: access(snapshot, ENVIRON), documents, log)
        before = documented.snapshot().digest
        assert places(documented) == []
        await documented.observe()
        assert places(documented) == [frozenset({"DE", "IE"})]
        assert documented.snapshot().digest != before
        kept = documents.load(documented.snapshot().digest)
        assert kept is not None
        assert kept["observed/destinations.toml"] == destinations.kept(settings.state)
        plane.regions = ("eu-central-1", "eu-central-2")
        assert (await documented.reload(SIGNAL)).in_force
        assert places(documented) == [frozenset({"DE", "CH"})]
        plane.regions = ()
        await documented.observe()
        assert places(documented) == [frozenset({"DE", "CH"})], "an older answer stands"
    assert b"destinations_read" in output.getvalue()
    assert b"destinations_unread" in output.getvalue()


async def test_nothing_is_asked_without_a_credential(tmp_path: Path) -> None:
    async with Provider(ControlPlaneOfTheEu("eu-central-1")) as provider:
        settings = settings_at(tmp_path, provider.url)
        documented = DocumentSet(settings, lambda _: Access({}, {}), Documents(settings.state), Log(io.BytesIO()))
        await documented.observe()
        assert not provider.requests
        assert documented.now.means == Capabilities(
            frozenset(), documented.now.means.spoken, documented.now.means.unset, settings.default_max_output
        )


async def test_check_is_told_and_writes_nothing(tmp_path: Path) -> None:
    plane = ControlPlaneOfTheEu("eu-central-1")
    async with Provider(plane) as provider:
        settings = settings_at(tmp_path, provider.url)
        snapshot = read_documents(settings).snapshot
        assert snapshot is not None
        opened = access(snapshot, ENVIRON)
        content, unread = await destinations.observed_now(snapshot, opened, settings, DAY)
        assert b"eu.anthropic.claude-sonnet-4-6" in content
        assert unread == ()
        plane.regions = ()
        assert await destinations.observed_now(snapshot, opened, settings, DAY) == (
            b"",
            (DestinationsUnread("aws-bedrock-eu", "refused", 403),),
        )
        assert await destinations.observed_now(snapshot, Access({}, {}), settings, DAY) == (b"", ())
    assert destinations.kept(settings.state) == b""


async def test_documents_that_became_faulty_meanwhile_close_the_records_that_were_asked_about(tmp_path: Path) -> None:
    async with Provider(ControlPlaneOfTheEu("eu-central-2")) as provider:
        settings = settings_at(tmp_path, provider.url)
        opened = lambda snapshot: access(snapshot, ENVIRON)  # noqa: E731  # of one line
        documented = DocumentSet(settings, opened, Documents(settings.state), Log(io.BytesIO()))
        (tmp_path / "config/fx.toml").write_text("nothing = 1")
        await documented.observe()
        assert documented.now.means.credentials == frozenset()
        assert documented.now.targets == {}
