"""Shared parts of the dialects of Cohere's v2 API."""
