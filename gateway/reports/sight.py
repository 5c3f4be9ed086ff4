"""The callers, money and receipts that a reader of reports may see."""

from __future__ import annotations

from gateway.core.errors import NotAllowed
from gateway.core.frozen import frozen
from gateway.core.principal import Principal
from gateway.core.selection import Selection


@frozen
class Sight:
    """`caller`: sees what is its own. None: an operator, who sees everybody's."""

    caller: Principal | None = None

    def limit(self, within: Selection) -> Selection:
        """The part of a selection that may be seen. NotAllowed for one that names another key: a key that exists
        and one that does not are refused alike."""
        if self.caller is None:
            return within
        own = self.caller.caller.id
        if within.where.get("key", own) != own:
            raise NotAllowed("`key_id`: a key sees its own receipts alone.", field="key_id")
        return within.narrowed(key=own)

    def may_see(self, key: str) -> bool:
        """Whether receipts of that key may be seen."""
        return self.caller is None or key == self.caller.caller.id
