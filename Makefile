# `make demo` and `make test` are all a new user needs. Everything else is listed by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy $(BIN)/uv pip
NODE_MODULES := $(if $(wildcard dataform/package-lock.json),dataform/node_modules/.ready)
PARTS := start_batch export_sales land_object start_elt start_training replay sweep

.DEFAULT_GOAL := help
ENV ?= dev
REGION ?= us-central1

.PHONY: help setup demo test simulate torture check bench docs deploy destroy lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready .venv-pipelines/.ready $(NODE_MODULES) ## Install everything, locked by hash

$(VENV)/.ready: requirements/bootstrap.txt requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(UV) install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/python -m cli.install_command
	@touch $@

.venv-pipelines/.ready: requirements/pipelines.txt $(VENV)/.ready
	$(PYTHON) -m venv --without-pip .venv-pipelines
	$(UV) install -q --python .venv-pipelines/bin/python --require-hashes -r requirements/pipelines.txt
	@touch $@

dataform/node_modules/.ready: dataform/package-lock.json $(VENV)/.ready
	$(BIN)/python -m cli.install_node dataform
	@touch $@

demo: setup ## Run the main job: an empty machine to a trained model
	$(BIN)/ripple demo

test: setup ## Run every test
	$(BIN)/python -m pytest

simulate: setup ## Run the simulator: SEEDS=1000, SEED=7, CRASH_POINTS=1, PAIRS=10000, BROKEN=all, ARGS=--help
	$(BIN)/python -m tests.choreography.simulator $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(CRASH_POINTS),--crash-points) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(CRASH),--crash '$(CRASH)') $(if $(BROKEN),--broken '$(BROKEN)') $(ARGS)

torture: setup ## Kill the laptop 200 times under load, then hold every row against the truth (half an hour)
	$(BIN)/python -m tests.torture $(TORTURE)

check: setup ## Lint, types, import rules, generated files are current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check
	$(BIN)/python requirements/inputs.py --check
	.venv-pipelines/bin/python -m pipelines.train_repeat_purchase --check

bench: setup ## Measure speed beside its rivals and write docs/performance.md (some 30 minutes)
	$(BIN)/python -m tests.bench

docs: setup ## Write the generated pages: events, codes, schemas, AsyncAPI
	$(BIN)/python -m docs.generate

deploy: bundle ## Deploy to a project of Google Cloud: PROJECT=... REGION=us-central1 ENV=dev ARGS=--yes
	@test -n "$(PROJECT)" || { echo "say where: make deploy PROJECT=... REGION=..." >&2; exit 2; }
	$(BIN)/ripple deploy --env $(ENV) --project $(PROJECT) --region $(REGION) $(ARGS)

destroy: setup ## Take everything away from a project: PROJECT=... REGION=us-central1 ENV=dev
	@test -n "$(PROJECT)" || { echo "say from where: make destroy PROJECT=... REGION=..." >&2; exit 2; }
	$(BIN)/ripple destroy --env $(ENV) --project $(PROJECT) --region $(REGION) $(ARGS)

lock: setup ## Lock the dependencies again, by hash and without addresses
	for part in dev pipelines generators laptop cli; do \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --group $$part pyproject.toml -o requirements/$$part.txt; done
	for part in $(PARTS); do \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --group $$part -c requirements/dev.txt pyproject.toml -o functions/$$part/requirements.txt; done
	$(BIN)/python requirements/inputs.py

clean: ## Remove what setup and runs made
	rm -rf .venv .venv-pipelines .ripple dataform/node_modules
