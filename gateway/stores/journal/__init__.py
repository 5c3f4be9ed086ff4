"""Journal of one process: one SQLite file, one writer thread, the open holds beside it. Knows no other store."""
