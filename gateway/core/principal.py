"""Callers, resolved against one snapshot: organisation, team, caller, and the policies in force before any request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Literal, NewType, Protocol, TypeAlias

from gateway.core.errors import NotAllowed
from gateway.core.limits import Limit
from gateway.core.organisation import Budget, DataClass, Organisation, Team
from gateway.core.policy import Layer, LayerKind
from gateway.core.snapshot import Snapshot

AccountId: TypeAlias = str
"""`organisation/<id>`, `team/<id>` or the account of a caller (`key/<id>`): who pays; `model/<id>` or `class/<name>`:
for what."""


CallerId: TypeAlias = str
"""The public name of a caller, unique among callers of every kind."""


class Caller(Protocol):
    """The sender of requests, of any kind: a key, a person, a workload."""

    @property
    def kind(self) -> str:
        """`key`, `person` or `workload`."""

    @property
    def id(self) -> CallerId:
        """The name that receipts and usage are recorded under."""

    @property
    def credential(self) -> str:
        """A digest of the credential that it called with. Callers of one id may have several credentials."""

    @property
    def account(self) -> AccountId:
        """The account that its budgets and limits are counted on."""

    @property
    def team(self) -> str:
        """The id of its team."""

    @property
    def policy(self) -> str:
        """The name of its policy, inside those of the organisation and the team."""

    @property
    def classes(self) -> frozenset[str]:
        """The data classes that it may state; empty: those of its team."""

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """The budgets of its account."""


class Callers(Protocol):
    """Everybody who may call."""

    def find(self, credential: str, at: datetime) -> Caller | None:
        """The caller with this credential, if it may call at that time. Unavailable while callers cannot be known."""

    def holder(self, credential: str, at: datetime) -> Caller | None:
        """The caller whose `Caller.credential` that is, if it may call at that time. Unavailable likewise."""

    async def obstacle(self) -> str:
        """Reason, as a code, for which nobody would be known now; empty where callers are known."""


KeyId = NewType("KeyId", str)
"""Public name of a key (`key_…`); the secret is known to its owner alone."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the store keeps it, once for each of its secrets: a digest (SHA-256 of the secret, hex), never the
    secret. Times are UTC. Several of the same `id` are one key, which was rotated."""

    kind: ClassVar[str] = "key"
    id: KeyId
    digest: str
    team: str
    policy: str
    label: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    classes: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()

    @property
    def credential(self) -> str:
        """The digest of its secret."""
        return self.digest

    @property
    def account(self) -> AccountId:
        """`key/<id>`, the same for all of its secrets."""
        return f"key/{self.id}"

    def state(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        """A revocation holds whatever the clock says: the gateway that wrote it may have another one."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True)
class Bill:
    """Accounts and budgets that one exchange is charged to. Their days begin in `zone`."""

    accounts: tuple[AccountId, ...]
    budgets: tuple[tuple[AccountId, Budget], ...]
    zone: str

    @cached_property
    def hard(self) -> bool:
        """Whether any of its budgets may refuse it."""
        return any(not budget.soft for _, budget in self.budgets)


@dataclass(frozen=True)
class Principal:
    """A caller, resolved against one snapshot."""

    organisation: Organisation
    team: Team
    caller: Caller
    layers: tuple[Layer, ...]

    @cached_property
    def budgets(self) -> tuple[tuple[AccountId, Budget], ...]:
        """Every budget that a charge of this caller counts against, whatever it asks for."""
        return (
            *((f"organisation/{self.organisation.id}", b) for b in self.organisation.budgets),
            *((f"team/{self.team.id}", b) for b in self.team.budgets),
            *((self.caller.account, b) for b in self.caller.budgets),
        )

    @cached_property
    def limits(self) -> tuple[tuple[AccountId, Limit], ...]:
        """Every limit that a request of this caller counts against."""
        organisation, team = self.organisation, self.team
        if not (organisation.limits or team.limits or team.key_limits):
            return ()
        return (
            *((f"organisation/{organisation.id}", limit) for limit in organisation.limits),
            *((f"team/{team.id}", limit) for limit in team.limits),
            *((self.caller.account, limit) for limit in team.key_limits),
        )

    @cached_property
    def accounts(self) -> tuple[AccountId, AccountId, AccountId]:
        """The accounts that each of its exchanges is charged to."""
        return f"organisation/{self.organisation.id}", f"team/{self.team.id}", self.caller.account

    @property
    def pseudonym_scope(self) -> tuple[str, str]:
        """(organisation, team): within it an identifier has one pseudonym. No team where the teams share pseudonyms."""
        return self.organisation.id, "" if self.organisation.shared_pseudonyms else self.team.id

    def bill(self, model: str, label: str | None) -> Bill:
        """Of an exchange with that model, by a request that states that data class, or none.

        Models and classes are charged where they have budgets. An undeclared or empty label counts as every class, so
        that a typing error escapes no budget.
        """
        budgets = (
            *((f"model/{model}", b) for b in self.organisation.model_budgets.get(model, ())),
            *((f"class/{c.name}", b) for c in self._classes(label) for b in c.budgets),
        )
        if not budgets:
            return self._own_bill
        accounts = (*self.accounts, *dict.fromkeys(account for account, _ in budgets))
        return Bill(accounts, (*self.budgets, *budgets), self.organisation.timezone)

    @cached_property
    def _own_bill(self) -> Bill:
        return Bill(self.accounts, self.budgets, self.organisation.timezone)

    def _classes(self, label_of_request: str | None) -> tuple[DataClass, ...]:
        classes = self.organisation.classes
        label = label_of_request if label_of_request is not None else self.organisation.default_class or None
        if label is None:
            return ()
        return (classes[label],) if label in classes else tuple(classes.values())

    def class_layer(self, label_of_request: str | None, snapshot: Snapshot) -> Layer | None:
        """The data-class layer for a request that states a label, or None for an unlabelled one.

        No label: the default class. An unknown or empty label: the meet of all class policies, so that a typing error
        never loosens. A class that the key (or, where the key lists none, its team) may not state: NotAllowed.
        """
        classes = self.organisation.classes
        label = label_of_request if label_of_request is not None else self.organisation.default_class or None
        if label is None or not classes:
            return None
        if label not in classes:
            return Layer(LayerKind.DATA_CLASS, snapshot.every_class) if classes else None
        may_state = self.caller.classes or self.team.classes
        if label_of_request is not None and label not in may_state:
            raise NotAllowed(
                "This caller may not state that data class. An operator adds the class to the key or to its team.",
                data_class=label,
                may_state=sorted(may_state),
            )
        return Layer(LayerKind.DATA_CLASS, snapshot.policies[classes[label].policy])


def principal(caller: Caller, snapshot: Snapshot) -> Principal | None:
    """The caller under this snapshot. None for a caller whose team or policy the snapshot does not declare."""
    team = snapshot.teams.get(caller.team)
    if team is None:
        return None
    chain = (
        (LayerKind.ORGANISATION, snapshot.organisation.policy),
        (LayerKind.TEAM, team.policy),
        (LayerKind.KEY, caller.policy),
    )
    if any(name not in snapshot.policies for _, name in chain):
        return None
    layers = tuple(Layer(kind, snapshot.policies[name]) for kind, name in chain)
    return Principal(snapshot.organisation, team, caller, layers)
