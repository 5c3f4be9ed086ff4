from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.stores.postgres import migrations
from gateway.stores.postgres.connection import NEWEST, VERSION_TABLE, steps_from


def test_the_steps_are_one_line_that_ends_at_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_the_steps_are_written_for_a_transaction_that_is_open() -> None:
    written = steps_from("")
    assert f"INSERT INTO {VERSION_TABLE}" in written
    assert [word for word in ("BEGIN", "COMMIT") if word in written] == []
