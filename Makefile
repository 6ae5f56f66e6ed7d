# Everything a person runs here. `make help` lists it. Nothing but Python >= 3.11 (with venv) and make is needed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# pytest's workers: one more than there are cores, since many tests wait, and never more than four. `make test JOBS=0` runs
# everything in one process.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4

# Without compiled modules every process that starts compiles them anew: 1.4 s more until it is ready.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test browser check fmt fmt-check lint types arch bench kill-loop nightly nightly-simulation talk-update rules migration docs lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.* ## /\1	/p' Makefile | while IFS='	' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

# -- installing: a stamp a lock file, so that a second run installs nothing -------------------------------------------

$(BIN)/.setup: requirements-setup.lock make/install
	@make/install requirements-setup.lock
	@touch $@

$(BIN)/.runtime: requirements.lock pyproject.toml $(BIN)/.setup
	@make/install requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/.dev: requirements-dev.lock $(BIN)/.runtime
	@make/install requirements-dev.lock
	@touch $@

setup: $(BIN)/.runtime ## .venv with the `parley` command
	@:

# -- using it ---------------------------------------------------------------------------------------------------------

run: setup ## the gateway with the demo shop: http://127.0.0.1:8080 (ARGS="--port 8081")
	@exec $(BIN)/parley serve --demo $(ARGS)

# -- trying it --------------------------------------------------------------------------------------------------------

test: $(BIN)/.dev browser ## the whole test suite (ARGS="-k words")
	@$(PYTEST) $(ARGS)

browser:
	@make/install-browser

check: fmt-check lint types arch test ## format, lint, types, import contracts, tests: what CI runs

fmt: $(BIN)/.dev ## put the code in shape
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

fmt-check: $(BIN)/.dev
	@$(BIN)/ruff format --check --quiet .

lint: $(BIN)/.dev ## ruff
	@$(BIN)/ruff check .

types: $(BIN)/.dev ## mypy, strict
	@$(BIN)/mypy

arch: $(BIN)/.dev ## who may import whom
	@$(BIN)/lint-imports --no-cache
	@git ls-files '*.py' | xargs wc -l | awk '$$2 != "total" && $$1 > 300 { print "to talk about: " $$2 ", " $$1 " lines" }'

docs: $(BIN)/.dev ## are the docs still true?
	@$(BIN)/python -m pytest tests/test_docs.py tests/test_house.py $(ARGS)

bench: $(BIN)/.dev ## what a turn costs; a table, and JSON in bench/out (ARGS="--quick")
	@$(BIN)/python -m bench $(ARGS)

kill-loop: $(BIN)/.dev ## a thousand times killed in mid-work: nothing lost, nothing twice (ROUNDS=1000)
	@$(BIN)/python -m tests.faults.killloop --rounds $(or $(ROUNDS),1000) $(ARGS)

nightly: $(BIN)/.dev browser ## the long tests, where there are any
	@$(PYTEST) -m nightly $(ARGS) || test $$? = 5

nightly-simulation: $(BIN)/.runtime ## a month of random customers a thousand times: what breaks an invariant is told (SEEDS=1000)
	@$(BIN)/parley simulate --faults --seeds $(or $(SEEDS),1000) $(ARGS)

# -- changing it ------------------------------------------------------------------------------------------------------

talk-update: $(BIN)/.dev ## write the bots' side of the talks and the drawings anew; read the diff
	@$(BIN)/python make/talks.py

rules: $(BIN)/.dev ## write docs/rules.md anew: which story shows which rule
	@$(BIN)/python make/rules.py

migration: $(BIN)/.dev ## draft the next migration (M="add a column")
	@$(BIN)/python make/migration.py "$(M)"

lock: $(BIN)/.setup ## resolve the lock files anew (UPGRADE=--upgrade to move everything)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --group setup -c requirements-dev.lock -o requirements-setup.lock

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE)

clean: ## forget .venv and caches, never ./data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
