"""Faults of price lists."""

from __future__ import annotations


class FeedRefused(Exception):
    """The list is not read. `what` completes a sentence about the file; `do` says what to do next."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


class Impossible(Exception):
    """An entry states a value that cannot be true. `what` names the member, the value and the bound."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
