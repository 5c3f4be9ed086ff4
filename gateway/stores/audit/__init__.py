"""Invariants of journals, ledger and Redis, checked and reported. Corrects nothing."""
