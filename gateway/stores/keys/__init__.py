"""Keys of callers, in the journal and in PostgreSQL. On failure: the last good snapshot is served."""
