"""Shapes of requests: tables of the members that are known, and the walk that compares a request with them.

A shape lists each member whose effect on content is known. Everything else is named: a member that no table lists, a
value of another type than the listed one, a kind that no table lists. A null counts as absent only where the shape says
so. A shape is a set of types for a plain value, or a function that walks a value. The walk is linear in the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final, TypeAlias

from gateway.core.catalog import Feature
from gateway.core.cost import ToolCalls
from gateway.core.demand import Need, Reliance
from gateway.core.errors import InvalidRequest
from gateway.core.terms import TOOL_CALLS_HELD
from gateway.dialects.members import MOST, SAFE_NAME
from gateway.dialects.token_bound import Pictures

NAMES_MOST: Final = 16
"""Names in a refusal. A request may hold any number of members that no table lists."""

MANY_MORE: Final = "(more members than are named)"


@dataclass(slots=True)
class Findings:
    """Facts about a request, without its words.

    `harmless`: names that the operator lists. `unlisted`: names of everything that no table lists, as an operator would
    list them. `remote_tokens`: bound for everything that is not in the body. `kinds`: listed kinds of tools.
    `rests_on`: members whose loss leaves the request incomplete, because the provider keeps the rest of it.
    """

    harmless: frozenset[str]
    unlisted: dict[str, None] = field(default_factory=dict)
    features: set[Feature] = field(default_factory=set)
    needs: set[Need] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    rests_on: dict[Reliance, None] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=Pictures)
    remote_tokens: int = 0
    tools: dict[str, int] = field(default_factory=dict)
    """Hosted tools that are charged by the call, by the class of usage that counts the calls: the most calls."""

    def tool_calls(self, most: int | None = None) -> ToolCalls:
        """The hosted tools, each with the most calls; `most`: the request's own bound for all calls together."""
        if not self.tools:
            return ()
        bounded = self.tools if most is None else {tool: min(calls, most) for tool, calls in self.tools.items()}
        return tuple(sorted(bounded.items()))

    def unlist(self, label: str, name: str = "") -> None:
        """Names a member: `label` is the place of its object, empty at the top, and ends with a colon where the member
        is a kind. Words of a client's own are not repeated."""
        if name and not SAFE_NAME.match(name):
            self.name("(a member whose name is not a plain word)")
        else:
            dot = "." if label and name and label[-1] != ":" else ""
            self.name(f"{label}{dot}{name}")

    def unlist_kind(self, what: str, kind: str) -> None:
        """Names a tool, a block, a part or an item by its type."""
        article = "an" if what[0] in "aeiou" else "a"
        self.name(f"{what}:{kind}" if SAFE_NAME.match(kind) else f"({article} {what} whose type is not a plain word)")

    def name(self, name: str) -> None:
        """Names something that no table lists, unless the operator does."""
        if name in self.harmless:
            return
        self.features.add(Feature.UNLISTED)
        self.unlisted[name if len(self.unlisted) < NAMES_MOST else MANY_MORE] = None


Leaf: TypeAlias = frozenset[type]
Walk: TypeAlias = Callable[[Any, Findings], None]
MemberShape: TypeAlias = Leaf | Walk

TEXT: Final[Leaf] = frozenset({str, NoneType})
NUMBER: Final[Leaf] = frozenset({int, float, NoneType})
FLAG: Final[Leaf] = frozenset({bool, NoneType})
SCALAR: Final[Leaf] = TEXT | NUMBER | FLAG


class Misshapen(Exception):
    """A value that makes no request of this dialect. `path` is collected on the way out, innermost first."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str] = []

    def refusal(self) -> InvalidRequest:
        """The refusal, which names the place and never the value."""
        where = "".join(step if step.startswith("[") else f".{step}" for step in reversed(self.path)).lstrip(".")
        where = where or "body"
        return InvalidRequest(f"`{where}` {self.what}.", field=where)


def surveyed(shape: Walk, value: object, harmless: frozenset[str]) -> Findings:
    """The findings of one request. InvalidRequest for a value that makes no request of this dialect."""
    findings = Findings(harmless)
    try:
        shape(value, findings)
    except Misshapen as fault:
        raise fault.refusal() from None
    return findings


def leaves(leaf: MemberShape, names: str) -> dict[str, MemberShape]:
    """A table in which each of these names has the same shape."""
    return dict.fromkeys(names.split(), leaf)


def opaque(value: object, findings: Findings) -> None:
    """Accepts any value: schemas, arguments of calls, and whatever is replaced on the way out."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Two names of each member: `twins` maps the second to the first, `first` gives the first of any name."""

    twins: Mapping[str, str]
    first: Callable[[str], str]


def record(label: str, table: Mapping[str, MemberShape], spelling: Spelling | None = None) -> Walk:
    """An object with the members of `table`, or null. Misshapen for one member in two spellings."""
    get = dict(table).get
    first = spelling.first if spelling is not None else str

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ is not dict:
            if value is not None:
                findings.unlist(label)
            return
        if spelling is not None:
            _no_twins(value, spelling.twins)
        name = ""
        try:
            for name, inner in value.items():
                shape = get(name)
                if shape.__class__ is frozenset:
                    if inner.__class__ not in shape:
                        findings.unlist(label, first(name))
                elif shape is None:
                    findings.unlist(label, first(name))
                else:
                    shape(inner, findings)  # type: ignore[operator]  # a walk
        except Misshapen as fault:
            fault.path.append(name)
            raise

    return walk


def _no_twins(value: Mapping[str, Any], twins: Mapping[str, str]) -> None:
    for name in value.keys() & twins.keys():
        if twins[name] in value:
            raise Misshapen("has one member in two spellings")


def rows(label: str, item: MemberShape, *, single: bool = False) -> Walk:
    """A list of such items, or null. `single`: one item may stand in the place of a list of it."""
    walk_item = plain(label, item)

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ is not list:
            if value is None:
                return
            if not single:
                findings.unlist(label)
                return
            value = [value]
        place = 0
        try:
            for inner in value:
                walk_item(inner, findings)
                place += 1
        except Misshapen as fault:
            fault.path.append(f"[{place}]")
            raise

    return walk


def plain(label: str, shape: MemberShape) -> Walk:
    """The walk of a shape that may be a leaf."""
    if not isinstance(shape, frozenset):
        return shape
    leaf = shape

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ not in leaf:
            findings.unlist(label)

    return walk


def either(leaf: Leaf, shape: Walk) -> Walk:
    """A plain value, or else `shape`."""

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ not in leaf:
            shape(value, findings)

    return walk


def table(label: str, leaf: Leaf) -> Walk:
    """An object with members of any name and plain values, or null. No name of it is repeated."""

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ is dict:
            if all(inner.__class__ in leaf for inner in value.values()):
                return
        elif value is None:
            return
        findings.unlist(label)

    return walk


def tagged(what: str, cases: Mapping[str, Walk], kind_of: Callable[[Mapping[str, Any]], object] | None = None) -> Walk:
    """An object whose type says which shape it has. Misshapen without a type.

    `kind_of`: reads the type; the member `type` without it.
    """
    get = dict(cases).get

    def walk(value: Any, findings: Findings) -> None:
        kind = None
        if value.__class__ is dict:
            kind = value.get("type") if kind_of is None else kind_of(value)
        if kind.__class__ is not str or not kind:
            raise Misshapen("must be an object with a type")
        case = get(kind)
        if case is None:
            findings.unlist_kind(what, kind)
        else:
            case(value, findings)

    return walk


def held(name: str, shape: Walk, what: str) -> Walk:
    """An object in which the member of that name stands. Misshapen without it."""

    def walk(value: Any, findings: Findings) -> None:
        if name not in value:
            fault = Misshapen(what)
            fault.path.append(name)
            raise fault
        shape(value, findings)

    return walk


def demanded(shape: Walk, accepts: Callable[[Any], bool], what: str) -> Walk:
    """`shape` for values that are accepted; Misshapen for others."""

    def walk(value: Any, findings: Findings) -> None:
        if not accepts(value):
            raise Misshapen(what)
        shape(value, findings)

    return walk


def noting(
    shape: Walk, *, needs: Iterable[Need] = (), features: Iterable[Feature] = (), kinds: Iterable[str] = ()
) -> Walk:
    """`shape`, and the needs and features that come with every value of it."""
    needed, used, named = tuple(needs), tuple(features), tuple(kinds)

    def walk(value: Any, findings: Findings) -> None:
        findings.needs.update(needed)
        findings.features.update(used)
        findings.kinds.update(named)
        shape(value, findings)

    return walk


def charged(tool: str, shape: Walk, *, limit: str = "") -> Walk:
    """`shape` of a hosted tool whose calls the provider charges. `limit`: its member that bounds the calls."""

    def walk(value: Any, findings: Findings) -> None:
        shape(value, findings)
        calls = value.get(limit) if isinstance(value, dict) else None
        bounded = isinstance(calls, int) and not isinstance(calls, bool) and calls >= 0
        most = calls if bounded and calls is not None else TOOL_CALLS_HELD
        findings.tools[tool] = min(findings.tools.get(tool, 0) + most, MOST)

    return walk


def keeping(feature: Feature, *, rests_on: Reliance | None = None, shape: Walk = opaque, tokens: int = 0) -> Walk:
    """A member that refers to content that the provider keeps. Any value but null uses the feature.

    `rests_on`: where the loss of the member leaves the request incomplete. `tokens`: bound for what it refers to.
    """

    def walk(value: Any, findings: Findings) -> None:
        if value is None:
            return
        findings.features.add(feature)
        findings.remote_tokens += tokens
        if rests_on:
            findings.rests_on[rests_on] = None
        shape(value, findings)

    return walk


def switched(feature: Feature) -> Walk:
    """A switch of a feature. Null counts as off; the gateway never leaves it to the provider's default on the way
    out."""

    def walk(value: Any, findings: Findings) -> None:
        if value is True:
            findings.features.add(feature)
        elif value is not False and value is not None:
            raise Misshapen("must be true or false")

    return walk


def lasting(usual: frozenset[str]) -> Walk:
    """For how long a prefix stays in a cache: what is not usual is an explicit cache."""

    def walk(value: Any, findings: Findings) -> None:
        if value is not None and (value.__class__ is not str or value not in usual):
            findings.features.add(Feature.EXPLICIT_CACHE)

    return walk


def inline(*, remote_tokens: int) -> Walk:
    """Base64, or a `data:` URL of it. Anything with a colon at its beginning is an address."""

    def walk(value: Any, findings: Findings) -> None:
        if value.__class__ is str and (":" not in value[:64] or value[:5].lower() == "data:"):
            return
        findings.features.add(Feature.REMOTE_URLS)
        findings.remote_tokens += remote_tokens

    return walk
