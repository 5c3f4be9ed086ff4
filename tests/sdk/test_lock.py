"""The Node SDKs are pinned by what they contain, and by no address."""

from __future__ import annotations

import json
import re

from tests.sdk.scenarios import HOME


def test_every_sdk_is_pinned_exactly() -> None:
    pinned = json.loads((HOME / "package.json").read_text())["dependencies"]
    assert [version for version in pinned.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_the_lock_holds_a_hash_of_every_package_and_no_address() -> None:
    packages = json.loads((HOME / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert len(installed) > 8
    assert [name for name, package in installed.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []
