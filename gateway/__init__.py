"""Safeconduct: one address for every LLM. The rooms of the house, and who may know whom, are drawn in README.md."""
