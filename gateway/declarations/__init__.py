"""The documents of `config/` and `policies/`, read into core values.

Rules: reads files, opens no connection, knows no clock (the day is an argument) and no environment. Nothing in a
document raises: every fault of every document is reported at once, with its file, its key and what to do about it.
"""
