"""The command line: one module per command, each with `arguments` (its options) and `run`.

Rules of this room: a command reads the documents, the ledger or the admin socket, and prints; it decides nothing that
the heart does not decide. `--json` shapes are stable. Exit codes: 0 the command did what it was asked; 1 it could not,
or what it looked at is not in order; 2 it was called wrongly. A mistake of a person is named in words, with the next
step, and never as a traceback.
"""
