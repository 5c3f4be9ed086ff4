from __future__ import annotations

import gzip
import re
from pathlib import Path

from gateway.console.assets import Assets
from tests.console.house import a_house
from tests.console.test_application import OPEN

BUDGET_BYTES = 40_000


def test_styles_and_scripts_stay_small_and_know_no_other_origin() -> None:
    files = Assets().files
    assert sum(len(asset.body) for name, asset in files.items() if name.endswith((".css", ".js"))) <= BUDGET_BYTES
    for name, asset in files.items():
        text = asset.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"https?://|@import|url\(", text) == [], name
        assert re.findall(r"innerHTML|insertAdjacentHTML|document\.write|eval\(|\.style\b", text) == [], name
        assert gzip.decompress(asset.packed) == asset.body


async def test_an_asset_is_kept_for_ever_under_the_digest_of_all(tmp_path: Path) -> None:
    async with a_house(tmp_path, OPEN) as house:
        reader = house.reader()
        page = (await reader.get("/console/open")).text
        addresses = re.findall(r'(?:src|href)="(/console/assets/[^"]+)"', page)
        assert len(addresses) == 4
        for address in addresses:
            answer = await reader.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        styles = next(each for each in addresses if each.endswith(".css"))
        assert (await reader.get(styles, accept_encoding="identity")).text == (await reader.get(styles)).text
        assert (await reader.get(styles.replace("/assets/", "/assets/0"))).status_code == 404
        assert (await reader.get(f"{styles}/../../application.py")).status_code == 404
        assert styles.split("/")[3] == Assets().digest
