"""usage: python -m tests.fuzz TARGET SECONDS FOLDER

Runs one target under atheris, from its seeds and what is in FOLDER, where it keeps inputs that reach new lines and, as
`crash-…`, the one that breaks a promise. The exit status is 0 where none does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateway.dialects"]):
    from tests.fuzz.targets import TARGETS, seeds


def main(name: str, seconds: str, folder: str) -> None:
    corpus = Path(folder) / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/{name}.", "-max_len=4096", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
