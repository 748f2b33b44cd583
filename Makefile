# Every command a person or CI runs. Each needs only make and Python 3.11; what it installs goes into .venv.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test endurance vm check format schema docs bench detection pictures lock servers clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The lock files hold hashes and no addresses: the packages come from whatever index this machine is set up for.
$(VENV)/demo.stamp: requirements/demo.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install --disable-pip-version-check -q --require-hashes -r requirements/demo.lock
	$(BIN)/pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install --disable-pip-version-check -q --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/demo.stamp

demo: $(VENV)/demo.stamp ## a living site on this machine; ARGS=--once runs the fault script to its end
	$(BIN)/watchkeeper-sim demo $(ARGS)

servers: ## install the servers the tests run for real (Debian, as root), or say which are missing
	@bash tests/servers/install.sh

test: $(VENV)/dev.stamp servers ## every test, with real broker, databases and browser
	$(BIN)/python -m pytest $(ARGS)

endurance: $(VENV)/dev.stamp servers ## the tests that take minutes: load with kills, full disks, pauses, and a soak
	WATCHKEEPER_ENDURANCE=1 $(BIN)/python -m pytest -n 0 -m endurance --timeout 3600 $(ARGS)

vm: $(VENV)/dev.stamp ## the tests that need a whole machine: disks, power cuts, systemd (in QEMU; Debian, as root)
	@bash tests/vm/install.sh
	@bash tests/vm/image.sh
	$(BIN)/python -m pytest -n 0 tests/vm $(ARGS)

check: $(VENV)/dev.stamp ## lint, types, import rules, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m wire.generate --check
	$(BIN)/python -m agent.reference --check
	$(BIN)/python -m hub.locale --check
	$(BIN)/python -m hub.rule_table --check
	$(BIN)/python -m dashboards --check

format: $(VENV)/dev.stamp ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/dev.stamp ## write wire/schema/ anew from the models
	$(BIN)/python -m wire.generate

docs: $(VENV)/dev.stamp ## write docs/rules.md, the reference in docs/agent.md and the dashboards' JSON anew from their source
	$(BIN)/python -m agent.reference
	$(BIN)/python -m hub.rule_table
	$(BIN)/python -m dashboards

bench: $(VENV)/dev.stamp ## measure the hot paths; a table, and build/bench.json
	$(BIN)/python -m tests.bench $(ARGS)

detection: $(VENV)/dev.stamp ## faults and healthy months at random: what the rules see of them (the better part of an hour)
	$(BIN)/python -m tests.detection $(ARGS)

pictures: $(VENV)/dev.stamp servers ## take the README's pictures from a running demo, and draw the dashboards
	$(BIN)/python -m tests.pictures
	$(BIN)/python -m tests.dashboards.pictures

lock: $(VENV)/dev.stamp ## write the lock files anew from pyproject.toml
	COMPILER="$(BIN)/pip-compile" bash requirements/lock.sh

clean: ## remove what the commands made
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
