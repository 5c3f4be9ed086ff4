"""Scenes of a gateway whose own part is broken (`broken.py`): faults that hold the prompt, and leaks on purpose."""

from __future__ import annotations

from tests.privacy.broken import LEAKS, QUIET
from tests.privacy.client import exchanged
from tests.privacy.served import whole
from tests.privacy.stage import Scene, Stage, mute

ENDS_THE_EXCHANGE = {name for name in QUIET if name.startswith("raises") and "-in-a-" not in name} | {"asserts"}


async def fails(stage: Stage, scene: str) -> None:
    mute(await stage.chat(scene), 500, "internal_error")


async def is_answered(stage: Stage, scene: str) -> None:
    assert (await stage.chat(scene)).status == 200


async def is_answered_without_a_receipt(stage: Stage, scene: str) -> None:
    """The durable intent stands for it until the next start."""
    assert (await exchanged(stage.gateway.port, stage.wire(scene))).status == 200


async def finds_no_address(stage: Stage, scene: str) -> None:
    mute(await stage.chat(scene, model="gone"), 500, "internal_error")


FAULTS = {
    **{name: Scene(fails if name in ENDS_THE_EXCHANGE else is_answered, whole) for name in QUIET},
    "fails-to-settle": Scene(is_answered_without_a_receipt, whole),
    "has-no-address": Scene(finds_no_address),
}
CONTROLS = {name: Scene(is_answered, whole) for name in LEAKS}
