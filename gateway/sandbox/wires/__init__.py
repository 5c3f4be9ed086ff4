"""The wire languages of the sandbox: one module reads a request's body into its shape and writes the answer back.

`openai.py`, `anthropic.py` and `google.py` are the three providers' tables: their addresses, keys, errors and models.
"""
