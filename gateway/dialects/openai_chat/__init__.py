"""OpenAI Chat Completions, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
`request` reads what clients send and writes what goes upstream; `reply` and `usage` read what comes back; `errors`
writes refusals.
"""
