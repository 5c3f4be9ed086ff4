"""A small set of documents on disk, every one valid; a test changes one thing in it and loads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.core.snapshot import Snapshot
from gateway.declarations.faults import DocumentFault, Report
from gateway.declarations.load import Loaded, load
from gateway.declarations.reader import Page, parse
from gateway.declarations.regions import Regions

TODAY = date(2026, 11, 24)
REGIONS: Regions = {"EU": frozenset({"DE", "FR", "SE"}), "UK": frozenset({"GB"})}

DOCUMENTS = {
    "config/organisation.toml": """
id = "acme"
name = "Acme"
policy = "open"
default_class = "personal"

[classes.personal]
policy = "strict"

[[budgets]]
limit = "500.00"
window = "month"
""",
    "config/teams.toml": """
[teams.research]
name = "Research"
policy = "open"
classes = ["personal"]
""",
    "config/contracts.toml": """
[[grants]]
provider = "beta"
evidence = "contract 7"
verified_on = 2026-11-20
expires_on = 2027-11-20

[grants.posture]
retention_days = 0
""",
    "config/regions.toml": """
read_on = 2026-11-23
source = "a list of countries"

[regions]
EU = ["DE", "FR", "SE"]
UK = ["GB"]
""",
    "config/fx.toml": """
ledger = "USD"
dated = 2026-11-23
source = "a list of rates"

[rates]
EUR = 1.16
""",
    "config/catalog/alpha.toml": """
id = "alpha"
name = "Alpha"
operator = "Alpha AB"
plan = "standard"
read_on = 2026-11-23
sources = ["https://alpha.example/terms"]

[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "https://api.alpha.example/v1"

[posture]
processed_in = ["SE"]
location_guarantee = "documented"
retention_days = 0
training = "no"
dpa = "available"

[[routes]]
model = "small"
upstream_model = "lab/Small"

[routes.price]
currency = "EUR"
input = 0.54
output = 2.16
source = "price list"
read_on = 2026-11-23
""",
    "config/catalog/beta.toml": """
id = "beta"
name = "Beta"
operator = "Beta Inc"
read_on = 2026-11-23

[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "https://api.beta.example/v1"

[posture]
processed_in = ["US"]
location_guarantee = "documented"
retention_days = 30
training = "yes"

[obtainable]
retention_days = 0

[[exceptions]]
id = "search"
features = ["web_search"]

[exceptions.posture]
training = "unknown"

[[routes]]
model = "small"
upstream_model = "small-2026"
""",
    "config/models/lab.toml": """
[[models]]
id = "small"
name = "Small"
lab = "Lab"
aliases = ["lab/small"]
context = 128000
scores = [
  { benchmark = "MMLU-Pro", score = 75.5, metric = "percent", source = "lab" },
]
""",
    "policies/open.toml": """
name = "open"
purpose = "Public data."
""",
    "policies/strict.toml": """
name = "strict"
purpose = "Personal data stays in the EU."
max_evidence_age_days = 365

[bound]
processed_in = ["EU"]
training = "no"

[[cases]]
route = "alpha/small"
expect = "admitted"
today = 2026-11-24

[[cases]]
route = "beta/small"
expect = "refused"
because = "training"
today = 2026-11-24
""",
}


@dataclass(frozen=True, slots=True)
class Papers:
    """A directory with `config/` and `policies/`."""

    root: Path

    def write(self, name: str, text: str) -> Papers:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def change(self, name: str, old: str, new: str) -> Papers:
        """Replace text that must be there."""
        text = (self.root / name).read_text()
        assert old in text, f"{name} does not hold {old!r}"
        return self.write(name, text.replace(old, new))

    def add(self, name: str, text: str) -> Papers:
        return self.write(name, (self.root / name).read_text() + text)

    def remove(self, name: str) -> Papers:
        (self.root / name).unlink()
        return self

    def load(self, *extra: str, today: date = TODAY) -> Loaded:
        where = [self.root / name for name in extra]
        return load(self.root / "config", self.root / "policies", extra=where, today=today)

    def snapshot(self, *extra: str, today: date = TODAY) -> Snapshot:
        loaded = self.load(*extra, today=today)
        assert loaded.snapshot is not None, [str(fault) for fault in loaded.faults]
        return loaded.snapshot

    def told(self, fault: DocumentFault) -> str:
        """A fault as it is printed, its file from here."""
        return str(fault).replace(f"{self.root.as_posix()}/", "")

    def faults(self, *extra: str, today: date = TODAY) -> list[str]:
        loaded = self.load(*extra, today=today)
        assert loaded.snapshot is not None or loaded.faults
        return [self.told(fault) for fault in loaded.faults]

    def warnings(self, today: date = TODAY) -> list[str]:
        loaded = self.load(today=today)
        assert not loaded.faults, [str(fault) for fault in loaded.faults]
        return [self.told(fault) for fault in loaded.warnings]


def papers(root: Path) -> Papers:
    """The valid set, written to `root`."""
    for name, text in DOCUMENTS.items():
        Papers(root).write(name, text)
    return Papers(root)


def page(text: str) -> Page:
    """One document being read, called `paper.toml`."""
    report = Report()
    content = parse("paper.toml", text.encode(), report)
    assert content is not None, report.faults
    return Page("paper.toml", content, report, TODAY)


def told(of: Page) -> list[str]:
    """Every fault of a page as it is printed."""
    return [str(fault) for fault in of.report.faults]
