# `make demo` and `make test` are all a new user needs. Everything else is listed by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header
UV := UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy $(BIN)/uv pip
NODE_MODULES := $(if $(wildcard dataform/package-lock.json),dataform/node_modules/.ready)
# The registry keeps what begins with `release-`, so that it can be rolled back to.
TAG = release-$(shell git rev-parse HEAD)
PARTS := $(patsubst functions/%/main.py,%,$(wildcard functions/*/main.py))

.DEFAULT_GOAL := help
ENV ?= dev
REGION ?= us-central1

.PHONY: help setup demo test quick simulate torture mutants differential check infra-check bench docs bundle sbom images deploy destroy lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready .venv-pipelines/.ready $(NODE_MODULES) ## Install everything, locked by hash

$(VENV)/.ready: requirements/bootstrap.txt requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(UV) install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/python -m cli.install_command
	@touch $@

.venv-pipelines/.ready: requirements/pipelines.txt requirements/pipelines_build.txt $(VENV)/.ready
	$(PYTHON) -m venv --without-pip .venv-pipelines
	$(UV) install -q --python .venv-pipelines/bin/python --require-hashes --build-constraints requirements/pipelines_build.txt -r requirements/pipelines.txt
	@touch $@

dataform/node_modules/.ready: dataform/package-lock.json $(VENV)/.ready
	$(BIN)/python -m cli.install_node dataform
	@touch $@

demo: setup ## Run the main job: an empty machine to a trained model
	$(BIN)/ripple demo

test: setup ## Run every test, three files at a time: some wait for what they started
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

quick: setup ## Answer within two minutes: lint, types, and the tests that start nothing
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 3 --dist loadfile -x tests/ripple tests/mutants tests/docs/test_words.py tests/docs/test_codes.py \
	  tests/functions --ignore tests/functions/junk --ignore tests/functions/alone

simulate: setup ## Run the simulator: SEEDS=1000, SEED=7, CRASH_POINTS=1, PAIRS=10000, BROKEN=all, ARGS=--help
	$(BIN)/python -m tests.choreography.simulator $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(CRASH_POINTS),--crash-points) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(CRASH),--crash '$(CRASH)') $(if $(BROKEN),--broken '$(BROKEN)') $(ARGS)

torture: setup ## Kill the laptop 200 times under load, then hold every row against the truth (half an hour)
	$(BIN)/python -m tests.torture $(TORTURE)

mutants: setup ## Change the code in small ways, see that tests notice, write docs/mutants.md: MUTANTS='--module ripple/rows' or --help
	$(BIN)/python -m tests.mutants $(MUTANTS)

differential: setup ## Hold generated queries against GoogleSQL's reference evaluator: CPU_SECONDS=3600, SEED=12 for one
	$(BIN)/python -m laptop.tests.bigquery.differential $(if $(CPU_SECONDS),--seconds $(CPU_SECONDS)) $(if $(SEED),--seed $(SEED))

check: setup ## Lint, types, import rules, generated files are current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/hadolint generators/Dockerfile pipelines/Dockerfile
	$(BIN)/zizmor --quiet --offline --no-progress --pedantic .github
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m laptop.api_page --check
	$(BIN)/python requirements/inputs.py --check
	$(BIN)/python -m requirements.imports
	.venv-pipelines/bin/python -m requirements.imports pipelines
	.venv-pipelines/bin/python -m pipelines.train_repeat_purchase --check

infra-check: setup ## Check the Terraform: formatting, validate, test, plan against mock providers (needs terraform and a registry)
	infra/check.sh
	$(BIN)/python -m pytest tests/cli/delivery/with_terraform.py

bench: setup ## Measure speed beside its rivals and write docs/performance.md (some 45 minutes; BENCH=importing for one)
	$(BIN)/python -m tests.bench $(BENCH)

docs: setup ## Write what is generated: events, codes, schemas, AsyncAPI, topology, costs, the laptop's API
	$(BIN)/python -m docs.generate
	$(BIN)/python -m laptop.api_page

bundle: setup ## Zip each function's source, reproducibly, with a manifest: build/bundles
	$(BIN)/python requirements/inputs.py --check
	$(BIN)/python -m cli.bundling

sbom: setup ## List what each function and image is made of, as CycloneDX: build/sbom
	$(BIN)/python -m cli.sbom

images: ## Build the images (needs Docker); REGISTRY=... pushes them and lists their digests: build/images.txt
	@mkdir -p build && rm -f build/images.txt
	for image in generators pipelines; do \
	  name=$(or $(REGISTRY),ripple)/$$image:$(TAG); \
	  docker build --file $$image/Dockerfile --tag $$name . || exit 1; \
	  $(if $(REGISTRY),docker push $$name && echo "$$image=$$(docker inspect --format '{{index .RepoDigests 0}}' $$name)" >> build/images.txt || exit 1;) \
	done
deploy: bundle ## Deploy to a project of Google Cloud: PROJECT=... REGION=us-central1 ENV=dev ARGS=--yes
	@test -n "$(PROJECT)" || { echo "say where: make deploy PROJECT=... REGION=..." >&2; exit 2; }
	$(BIN)/ripple deploy --env $(ENV) --project $(PROJECT) --region $(REGION) $(ARGS)

destroy: setup ## Take everything away from a project: PROJECT=... REGION=us-central1 ENV=dev
	@test -n "$(PROJECT)" || { echo "say from where: make destroy PROJECT=... REGION=..." >&2; exit 2; }
	$(BIN)/ripple destroy --env $(ENV) --project $(PROJECT) --region $(REGION) $(ARGS)

lock: setup ## Lock the dependencies again, by hash and without addresses
	$(LOCK) laptop/pyproject.toml -o laptop/requirements.txt
	$(LOCK) --group laptop/pyproject.toml:build -o laptop/requirements-build.txt
	$(LOCK) --group dev --group laptop/pyproject.toml:test laptop/pyproject.toml -o requirements/dev.txt
	for part in pipelines pipelines_build generators cli sbom; do $(LOCK) --group $$part pyproject.toml -o requirements/$$part.txt; done
	for part in $(PARTS); do \
	  $(LOCK) --group $$part -c requirements/dev.txt pyproject.toml -o functions/$$part/requirements.txt; done
	$(BIN)/python requirements/inputs.py

clean: ## Remove what setup and runs made
	rm -rf .venv .venv-pipelines .ripple build dataform/node_modules
