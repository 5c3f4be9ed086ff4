"""Operators: who administers the gateway, in which role, and what that role may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from gateway.core.errors import NotAllowed
from gateway.core.frozen import frozen


class Act(Enum):
    """A kind of administration."""

    READ = auto()
    WRITE = auto()


@frozen
class OperatorRole:
    """A name, and everything that an operator in this role may do."""

    name: str
    acts: frozenset[Act]


ADMIN: Final = OperatorRole("admin", frozenset(Act))
"""May do everything."""

ROLES: Final[Mapping[str, OperatorRole]] = {role.name: role for role in (ADMIN,)}
"""Every role by its name."""


@frozen
class Operator:
    """Somebody who administers the gateway. `subject` names the person or account in events: `uid:1000`."""

    role: OperatorRole
    subject: str

    def require(self, act: Act) -> None:
        """NotAllowed for an act outside the role."""
        if act not in self.role.acts:
            message = f"The role {self.role.name} may not do this. Ask an operator in the role {ADMIN.name}."
            raise NotAllowed(message, role=self.role.name)


def local_operator(uid: int) -> Operator:
    """The operator behind a process of this machine: its user administers the gateway.

    The admin socket admits the gateway's own user and root alone, by the mode of its file.
    """
    return Operator(ADMIN, f"uid:{uid}")


SIGNAL: Final = Operator(ADMIN, "signal")
"""A process that sent a signal. The system does not say which; only the gateway's own user and root can send one."""
