"""A process that ships a journal in small parcels, waiting to be killed. Arguments: the journal, the database."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from tests.stores.shipped import a_shipper

if __name__ == "__main__":
    anyio.run(a_shipper(Path(sys.argv[1]), sys.argv[2], most=7).ship)
