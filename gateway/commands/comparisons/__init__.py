"""Comparisons of two sets of documents: `policy diff` and `catalogue diff`."""
