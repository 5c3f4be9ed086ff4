"""Holds, charges and budgets. On failure: nothing is admitted (fail closed)."""
