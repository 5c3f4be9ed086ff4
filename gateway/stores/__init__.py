"""State that processes share: keys, books, rates and route health; and the journal in which this process writes it.

Rules of this room: per file one protocol and its implementations; methods are verbs of the domain; each file states
what happens when its store fails. Nothing that a client may write freely is ever stored.
"""
