from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.compose.replays import Replays
from gateway.core.evaluation import Capabilities
from gateway.core.receipt import Receipt, digest
from gateway.core.replay import capabilities_record, demand_record
from gateway.declarations.load import load
from gateway.stores.journal.documents import CAPABILITIES_FILE, Documents
from tests.builders import a_demand, a_receipt

ROOT = Path(__file__).parents[2]
DAY = date(2026, 12, 1)
MEANS = capabilities_record(Capabilities(frozenset(), frozenset({"openai_chat"})))


def kept_in(state: Path) -> tuple[Documents, Receipt]:
    """The shipped documents and capabilities without a credential, and the receipt of a model that nobody offers."""
    loaded = load(ROOT / "config", ROOT / "policies", today=DAY)
    assert loaded.snapshot is not None
    documents = Documents(state)
    documents.keep(loaded.snapshot.digest, loaded.documents)
    documents.keep(digest(MEANS), {CAPABILITIES_FILE: MEANS})
    return documents, a_receipt(
        model="nothing",
        documents=loaded.snapshot.digest,
        capabilities=digest(MEANS),
        day=DAY.isoformat(),
        demand=demand_record(a_demand()),
        policy={},
        plan=(),
        rejections={},
    )


def test_a_decision_is_worked_out_again_from_what_is_kept(tmp_path: Path) -> None:
    documents, receipt = kept_in(tmp_path)
    result = Replays(documents).check([receipt, a_receipt("B")])
    assert (result.replayed, result.undecided, result.missing, result.differing) == (1, 1, {}, [])


def test_another_decision_is_named(tmp_path: Path) -> None:
    documents, receipt = kept_in(tmp_path)
    changed = [
        a_receipt("1", **{**_fields(receipt), "plan": ("evroc/small",)}),
        a_receipt("2", **{**_fields(receipt), "policy": {"team": "gone"}}),
    ]
    result = Replays(documents).check(changed)
    assert (result.replayed, result.differing) == (2, ["1", "2"])


def test_what_is_not_kept_is_named_by_its_digest(tmp_path: Path) -> None:
    documents, receipt = kept_in(tmp_path)
    for_lack_of = [
        a_receipt("1", **{**_fields(receipt), "documents": "e" * 64}),
        a_receipt("2", **{**_fields(receipt), "capabilities": "f" * 64}),
    ]
    result = Replays(documents).check(for_lack_of)
    assert result.missing == {"1": "e" * 64, "2": "f" * 64}
    assert result.replayed == 0


def _fields(receipt: Receipt) -> dict[str, object]:
    names = ("model", "documents", "capabilities", "day", "demand", "policy", "plan", "rejections")
    return {name: getattr(receipt, name) for name in names}
