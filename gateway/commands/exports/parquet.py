"""Charges as a Parquet file, each column in the type that FOCUS gives it: decimals, moments in UTC, strings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from gateway.commands.terminal.stop import Stop
from gateway.views import focus
from gateway.views.focus import FocusCell, FocusKind

_LIBRARY: Final = "pyarrow"
_READ: Final[Mapping[FocusKind, Callable[[FocusCell], object]]] = {
    "amount": lambda cell: Decimal(cell),
    "count": lambda cell: Decimal(cell),
    "moment": lambda cell: datetime.fromisoformat(str(cell)),
    "text": str,
}


def write(path: Path, charges: Sequence[Sequence[FocusCell]]) -> None:
    """A row for each charge, a column for each of `focus.COLUMNS`; "" becomes null. Stop without the library."""
    if find_spec(_LIBRARY) is None:
        do = "pip install 'safeconduct[parquet]', or name a file that ends in .csv"
        raise Stop("what writes Parquet is not installed", do)
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    schema = pyarrow.schema([(column, _type(column, pyarrow)) for column in focus.COLUMNS])
    columns = zip(*charges, strict=True) if charges else [()] * len(focus.COLUMNS)
    values = [_values(column, cells) for column, cells in zip(focus.COLUMNS, columns, strict=True)]
    arrays = [pyarrow.array(own, field.type) for own, field in zip(values, schema, strict=True)]
    table = pyarrow.table(arrays, schema=schema.with_metadata({"FocusVersion": focus.VERSION}))
    parquet.write_table(table, path, compression="zstd")


def _values(column: str, cells: Sequence[FocusCell]) -> list[object]:
    read = _READ[focus.kind(column)]
    return [None if cell == "" else read(cell) for cell in cells]


def _type(column: str, pyarrow: Any) -> Any:
    """Nine decimals are a billionth of a currency's unit, the smallest amount there is; 38 digits the most."""
    match focus.kind(column):
        case "amount":
            return pyarrow.decimal128(38, 9)
        case "count":
            return pyarrow.decimal128(38, 0)
        case "moment":
            return pyarrow.timestamp("us", tz="UTC")
        case "text":
            return pyarrow.string()
