from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import orjson
import pytest

from gateway.compose.clock import SystemClock
from gateway.compose.documents import DocumentSet, DocumentsRefused
from gateway.compose.documents import read as read_documents
from gateway.compose.providers import Access
from gateway.identity.operators import SIGNAL
from gateway.settings import read
from gateway.stores.journal.documents import Documents
from gateway.telemetry.log import Log
from tests.processes import documents, edit

SETTINGS = read({})


def test_shipped_documents_without_the_sandbox_know_nothing_of_it() -> None:
    loaded = read_documents(SETTINGS)
    assert loaded.faults == ()
    assert loaded.snapshot is not None
    assert not [name for name in loaded.snapshot.providers if name.startswith("sandbox")]
    assert "sandbox-small" not in loaded.snapshot.models
    switched_on = read_documents(read({"SAFECONDUCT_SANDBOX": "true"})).snapshot
    assert switched_on is not None
    assert switched_on.digest != loaded.snapshot.digest
    assert {p.read_on for p in switched_on.providers.values() if p.sandbox} <= {
        date.today(),
        SystemClock().today(),
    }


def test_documents_with_faults_are_never_in_force(tmp_path: Path) -> None:
    documents(tmp_path)
    edit(tmp_path / "config" / "organisation.toml", lambda text: "[nothing]\n" + text)
    settings = read({name: str(tmp_path / path) for name, path in PLACES.items()})
    with pytest.raises(DocumentsRefused) as refused:
        DocumentSet(settings, lambda _: Access({}, {}), Documents(tmp_path), Log(io.BytesIO()))
    assert "config/organisation.toml" in refused.value.faults[0]
    assert not (tmp_path / "documents").exists()


PLACES = {"SAFECONDUCT_CONFIG": "config", "SAFECONDUCT_POLICIES": "policies"}


async def test_documents_that_cannot_be_kept_are_not_put_in_force(tmp_path: Path) -> None:
    documents(tmp_path)
    stream, state = io.BytesIO(), tmp_path / "state"
    settings = read({**{name: str(tmp_path / path) for name, path in PLACES.items()}, "SAFECONDUCT_STATE": str(state)})
    served = DocumentSet(settings, lambda _: Access({}, {}), Documents(state), Log(stream))
    before = served.snapshot().digest
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + "\n# another\n")
    shutil.rmtree(state / "documents")
    (state / "documents").write_text("a file where a directory must be")
    result = await served.reload(SIGNAL)
    assert not result.in_force
    assert served.snapshot().digest == before
    (fault,) = result.faults
    assert f"{state}: the documents cannot be kept here" in fault
    event = orjson.loads(stream.getvalue().splitlines()[-1])
    assert (event["event"], event["words"]) == ("reload_refused", [fault])
