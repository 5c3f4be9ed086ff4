"""Anthropic's Messages, as clients write it and as Anthropic (and who took it over) speaks it.

Reference: the API's published reference, versions 2023-06-01 and 2026-10-21, and the types of the official Python SDK
2.12.0 (November 2026).
`request` reads what clients send and passes it on (`survey`, `betas`, `thoughts` judge it); `reply` and `usage` watch
what comes back; `errors` writes refusals; `counting` answers counts.
"""
