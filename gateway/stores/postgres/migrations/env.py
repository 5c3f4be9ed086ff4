"""Entry point of Alembic for every command: it writes SQL here, and never connects."""

from __future__ import annotations

from alembic import context

context.configure(
    dialect_name="postgresql",
    as_sql=True,
    literal_binds=True,
    transactional_ddl=False,  # whoever executes the steps has a transaction open, and a lock in it
    version_table=context.config.get_main_option("version_table"),
)
context.run_migrations()
