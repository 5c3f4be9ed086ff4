"""The steps that make the ledger's tables in PostgreSQL from any earlier version; Alembic writes them as SQL."""
