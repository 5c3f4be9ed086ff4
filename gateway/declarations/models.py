"""`models/<lab>.toml`: models as their labs made them, and benchmark scores."""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal
from typing import Final

from gateway.core.catalog import BenchmarkScore, Model
from gateway.declarations.faults import shown
from gateway.declarations.names import Register, read_model_name
from gateway.declarations.reader import Page, Table, labelled
from gateway.declarations.routes import read_abilities

_KINDS: Final = {word: word for word in ("chat", "embedding", "transcription")}


def read_models(page: Page, models: Register[Model], declared: Container[str] = ()) -> None:
    """Every `[[models]]` of one lab's document. `declared`: ids to which a bundled document gives way."""
    for table in page.root.tables("models", labelled("id")):
        model = read_model(table)
        if model.id not in declared:
            models.add(model.id, model, table)


def read_model(table: Table) -> Model:
    table.require(id='id = "magistral-small"', name='name = "Magistral Small"', lab='lab = "Mistral AI"')
    return Model(
        id=read_model_name(table, "id"),
        name=table.text("name"),
        lab=table.text("lab"),
        abilities=read_abilities(table),
        aliases=table.words("aliases") or (),
        open_weights=table.flag("open_weights"),
        licence=table.text("licence"),
        lab_country=table.text("lab_country"),
        released=_dated(table, "released"),
        knowledge_cutoff=_dated(table, "knowledge_cutoff"),
        kind=table.choice("kind", _KINDS) or "chat",
        default_max_output=table.whole("default_max_output", 1),
        description=table.text("description"),
        facts=table.mapping("facts"),
        retires_on=table.day("retires_on"),
        successor=table.text("successor"),
        scores=tuple(_score(score) for score in table.tables("scores")),
    )


def _score(table: Table) -> BenchmarkScore:
    table.require(benchmark='benchmark = "MMLU-Pro"', metric='metric = "percent"', source='source = "who measured it"')
    return BenchmarkScore(
        benchmark=table.text("benchmark"),
        score=_figure(table),
        metric=table.text("metric"),
        source=table.text("source"),
        higher_is_better=table.flag("higher_is_better") is not False,
        independent=table.flag("independent") is not False,
        version=table.text("version"),
        setting=table.text("setting"),
        dated=_dated(table, "dated"),
        note=table.text("note"),
    )


def _figure(table: Table) -> float | None:
    """A measured figure; none where the source shows no value."""
    raw = table.raw("score")
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or not Decimal(raw).is_finite():
        table.fault("score", f"{shown(raw)} is not a number", "write the figure, or leave it out")
        return None
    return float(raw)


def _dated(table: Table, key: str) -> str:
    """A date as its source has it, which may be no more than a month or a year: a TOML date, or text."""
    raw = table.raw(key)
    return table.text(key) if raw is None or isinstance(raw, str) else _whole_date(table, key)


def _whole_date(table: Table, key: str) -> str:
    day = table.day(key)
    return day.isoformat() if day else ""
