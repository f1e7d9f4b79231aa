# Crossdock's everyday commands. Only Python 3.11+ and make are assumed; each target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
SEEDS ?= 200

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench bench-router bench-availability bench-x12 bench-connectors bench-maps bench-ask bench-waiting every-rule fuzz simulate storm-kill storm-partners storm-oversell storm-disk schemas lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Crossdock needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing Crossdock into .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@echo "installing the tools for tests and checks (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: .venv/.ready ## Play the example hub end to end, then serve its console
	@$(BIN)/crossdock demo

test: .venv/.ready-dev ## Run the whole suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal

lint: .venv/.ready-dev ## Check style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/.ready-dev ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: bench-x12 bench-maps bench-connectors bench-router bench-availability bench-flow ## Print every speed table, as ratios within one run

bench-router: .venv/.ready-dev ## Allocation and whole decisions, held against HiGHS
	@$(BIN)/python benchmarks/router.py

bench-availability: .venv/.ready-dev ## Availability over HTTP against an aiohttp handler that does nothing
	@$(BIN)/python benchmarks/availability.py

bench-flow: .venv/.ready-dev ## Orders to decisions against a raw driver loop (LONG=1: a store of a million too)
	@$(BIN)/python benchmarks/flow.py $(if $(LONG),--full-store 1000000)

bench-ask: .venv/.ready-dev ## What the hub adds to a question that a provider answers at once
	@$(BIN)/python benchmarks/ask.py

bench-waiting: .venv/.ready-dev ## What 1,000 orders that wait for a dead provider cost the others
	@$(BIN)/python benchmarks/dead_provider.py

bench-x12: .venv/.ready-dev ## X12 reading and validation against bytes.split (LONG=1: 200 MB too)
	@$(BIN)/python benchmarks/x12.py $(if $(LONG),--long)

bench-maps: .venv/.ready-dev ## Translation: 850 bytes to documents, a shop's order against hand-written Python
	@$(BIN)/python benchmarks/maps.py

every-rule: .venv/.ready-dev ## Delete each rule of every two-way map: something must be said, read or written otherwise
	CROSSDOCK_EVERY_RULE=1 $(BIN)/pytest -q tests/mappings/test_every_rule_counts.py

bench-connectors: .venv/.ready-dev ## Lists fetched, mapped and kept; shops one process can poll
	@$(BIN)/python benchmarks/connectors.py

fuzz: .venv/.ready-dev ## Mutate X12 samples for minutes (ROUNDS=n); a failure prints the file
	@$(BIN)/python -m pytest tests/x12 -k fuzz --fuzz-rounds=$(or $(ROUNDS),100000)

simulate: .venv/.ready-dev ## Play the whole hub under SEEDS seeds; a failing one is printed and replays
	@$(BIN)/python -m tests.flow.simulation --seeds $(SEEDS)

storm-kill: .venv/.ready-dev ## Kill a working hub again and again, then audit
	@$(BIN)/python -m pytest -s tests/flow/test_kill_storm.py tests/street/test_kill.py --kills=200

storm-partners: .venv/.ready-dev ## Deliver 20,000 documents to partners at their worst, in simulated time
	@$(BIN)/python -m pytest -s tests/flow/test_partner_storm.py --deliveries=20000

storm-oversell: .venv/.ready-dev ## Let 64 writers at a time run after little stock
	@$(BIN)/python -m pytest -s tests/store/test_oversell_storm.py --rounds=30

storm-disk: .venv/.ready-dev ## Fill the disk up and make room again, over and over
	@$(BIN)/python -m pytest -s tests/store/test_disk_storm.py --rounds=30

schemas: .venv/.ready ## Publish the JSON Schemas that editors complete configuration by
	@for name in hub partner connection manifest map cases nodes routing posting taxes story; do $(BIN)/crossdock schema $$name --out config/schemas 2>/dev/null; done

lock: ## Resolve dependencies anew into the hashed lock files (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml --group build -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove what the other targets made
	@rm -rf .venv data .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
