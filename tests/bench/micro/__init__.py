"""What single steps of a request cost: `.venv/bin/pytest tests/bench/micro --benchmark-only`. No assertion on times.

Compare within one run: absolute figures drift with the machine. `make test` does not come here.
"""
