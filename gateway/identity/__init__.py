"""Callers of the gateway and operators of it: from a credential to a caller, from a connection to an operator.

Rules of this room: a credential leaves it as a digest only; nothing of a request but its credential is read here; an
operator may do what a table lists for the role, and nothing else.
"""
