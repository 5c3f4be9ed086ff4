"""The policy layers that `explain` applies: of a key, a team, a data class, and `--policy`."""

from __future__ import annotations

import hashlib

from gateway.commands.access.current_state import CurrentState
from gateway.commands.access.running import office
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop, undeclared
from gateway.core.errors import Json, NotAllowed
from gateway.core.policy import Layer, LayerKind, Policy
from gateway.core.principal import Key, KeyId, principal
from gateway.core.snapshot import Snapshot
from gateway.dialects.names import near

NOBODY = KeyId("(any key)")


def layers_of(context: CommandContext, now: CurrentState) -> tuple[Layer, ...]:
    """The layers of `--key`, `--team`, `--data-class` and `--policy`, outermost first. Stop for undeclared names.

    Without a key, `--policy` stands for a key's own; with one, for what a request asks on top.
    """
    options, snapshot = context.options, now.snapshot
    policy = None if options.policy is None else _policy(options.policy, snapshot)
    layers = [Layer(LayerKind.ORGANISATION, _policy(snapshot.organisation.policy, snapshot))]
    if options.key is not None:
        key = _key(options.key, context)
        layers = _key_layers(key, options.data_class, snapshot)
        return (*layers, Layer(LayerKind.REQUEST, policy)) if policy else tuple(layers)
    if options.team is not None:
        team = snapshot.teams.get(options.team)
        if team is None:
            raise undeclared(
                "team", options.team, near(options.team, snapshot.teams), "config/teams.toml declares them"
            )
        layers.append(Layer(LayerKind.TEAM, _policy(team.policy, snapshot)))
    if policy is not None:
        layers.append(Layer(LayerKind.KEY, policy))
    if options.data_class is not None:
        layers.append(_class_layer(options.data_class, snapshot))
    return tuple(layers)


def _policy(name: str, snapshot: Snapshot) -> Policy:
    policy = snapshot.policies.get(name)
    if policy is None:
        known = ", ".join(sorted(snapshot.policies))
        raise undeclared("policy", name, near(name, snapshot.policies), f"the policies are {known}")
    return policy


def _class_layer(name: str, snapshot: Snapshot) -> Layer:
    data_class = snapshot.organisation.classes.get(name)
    if data_class is None:
        known = ", ".join(sorted(snapshot.organisation.classes)) or "none"
        raise undeclared("data class", name, (), f"config/organisation.toml declares {known}")
    return Layer(LayerKind.DATA_CLASS, _policy(data_class.policy, snapshot))


def _key_layers(key: Key, data_class: str | None, snapshot: Snapshot) -> list[Layer]:
    caller = principal(key, snapshot)
    if caller is None:
        raise Stop(
            f"key {key.id} has a team or a policy that the documents no longer declare: it is refused everything",
            f"declare team {key.team} and policy {key.policy} again, or create another key",
        )
    try:
        own = caller.class_layer(data_class, snapshot)
    except NotAllowed as refused:
        raise Stop(
            refused.message.rstrip("."), "leave --data-class out, or name one it may state", code=MISUSED
        ) from None
    return [*caller.layers, *([own] if own else [])]


def _key(named: str, context: CommandContext) -> Key:
    """The key of that id, or whose secret this is. Its secret leaves this function as a digest only."""
    secret = named.startswith("sc_")
    query = f"?digest={hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()}" if secret else ""
    with office(context) as ask:
        listed = ask("GET", f"/keys{query}", {})["keys"]
    views = [view for view in listed if isinstance(view, dict)] if isinstance(listed, list) else []
    for view in reversed(views):  # the newest secret speaks for its key
        if secret or view["id"] == named:
            return _from_view(view, context)
    what = "unknown key" if secret else f"unknown key {named!r}"
    raise Stop(what, "`safeconduct keys list` shows the ids of all keys", code=MISUSED)


def _from_view(view: dict[str, Json], context: CommandContext) -> Key:
    if view["state"] != "active":
        context.out.note(f"Key {view['id']} is {view['state']}: it opens nothing now.")
    classes = view["classes"]
    return Key(
        id=KeyId(str(view["id"])),
        digest="",
        team=str(view["team"]),
        policy=str(view["policy"]),
        label=str(view["label"]),
        created_at=context.now(),
        classes=frozenset(map(str, classes)) if isinstance(classes, list) else frozenset(),
    )
