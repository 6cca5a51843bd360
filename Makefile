# Everything a developer or a newcomer types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
EMBEDDER_VENV := .venv-embedder
EXPORT_VENV := .venv-export
SBOM_VENV := .venv-sbom
S3_VENV := .venv-s3
PACKAGES := var/packages
BIN := $(VENV)/bin
UV = $(BIN)/uv
# Three at a time on two cores, as many of them wait; the long ones, which are named first, begin first.
# Threads of OpenBLAS wait for each other by spinning: beside anything else, a small matrix takes
# seconds with two of them.
SIDE_BY_SIDE = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
DOCKER_TEST = tests/e2e/test_embedder_docker.py
IMAGE_TEST = tests/e2e/test_trainer_docker.py
export PYTHONDONTWRITEBYTECODE :=
export AIRFLOW__CORE__LOAD_EXAMPLES := False

.PHONY: help setup export-setup test-export demo test test-image check faults bench bench-embedder bench-packs bench-requests bench-release bench-index bench-contamination bench-crowds bench-reports golden screenshots up down clean lock format docs new-source sbom sbom-image audit test-cluster bench-scaling bench-memory test-objects bench-batches bench-crawls

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/.uv: container/uv.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r container/uv.txt
	touch $@

$(BIN)/.installed: $(BIN)/.uv requirements.txt requirements-dev.txt pyproject.toml
	$(UV) pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode \
	  requirements.txt requirements-dev.txt
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	touch $@

$(EMBEDDER_VENV)/.installed: $(BIN)/.uv embedder/requirements.txt
	test -x $(EMBEDDER_VENV)/bin/python || $(UV) venv -q --python $(BIN)/python $(EMBEDDER_VENV)
	$(UV) pip sync -q --python $(EMBEDDER_VENV)/bin/python --require-hashes \
	  --compile-bytecode embedder/requirements.txt
	touch $@

$(PACKAGES)/.installed: $(BIN)/.uv demo/packages.txt
	rm -rf $(PACKAGES)
	$(UV) pip install -q --python $(BIN)/python --no-deps --require-hashes \
	  --target $(PACKAGES) -r demo/packages.txt
	touch $@

setup: $(BIN)/.installed $(EMBEDDER_VENV)/.installed $(PACKAGES)/.installed ## Install everything (once)

demo: setup ## Build a release of the invented world with the real parts
	$(BIN)/python -m demo.run

$(EXPORT_VENV)/.installed: $(BIN)/.uv embedder/export/requirements.txt
	test -x $(EXPORT_VENV)/bin/python || $(UV) venv -q --python $(BIN)/python $(EXPORT_VENV)
	$(UV) pip sync -q --python $(EXPORT_VENV)/bin/python --require-hashes \
	  embedder/export/requirements.txt
	touch $@

export-setup: $(EXPORT_VENV)/.installed ## Install TensorFlow and DeepFace (2.5 GB) for embedder.export

test-export: setup export-setup ## Export both architectures with random weights (3 minutes)
	$(BIN)/python -m pytest tests/export

up: setup ## Keep Airflow and the reports running over the demo's data
	$(BIN)/python -m demo.services up

down: ## Stop them
	test ! -x $(BIN)/python || $(BIN)/python -m demo.services down

check: setup ## Lint, formatting, types, imports, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=plugins $(BIN)/lint-imports
	$(BIN)/codespell

test: check ## All tests but the all-in-one image's
	$(BIN)/python -m tests.prepare
	$(SIDE_BY_SIDE) tests/e2e tests/faults tests/browser tests/dags tests/contract tests/export tests/recorded tests/policy tests/unit \
	  --ignore $(DOCKER_TEST) --ignore $(IMAGE_TEST)
	$(BIN)/python -m pytest $(DOCKER_TEST)

test-image: setup ## Build the all-in-one image, run it as uid 99 and 1000 from unRAID's template (15 minutes)
	$(BIN)/python -m tests.prepare
	$(BIN)/python -m pytest $(IMAGE_TEST)

test-cluster: setup $(S3_VENV)/.installed ## CeleryExecutor over Redis and Postgres, two workers, one killed in each long step, on a shared path and on a look-alike of S3 (an hour)
	$(BIN)/python -m tests.prepare
	$(BIN)/python -m pytest -s tests/cluster

faults: setup ## Many more kills, flipped bits and weeks than the tests do (about two hours)
	AIRFLOW_KILLS=1 FAULT_SLOW_MS=1000 FAULT_CLOCKS=3 NETWORK_FAULTS=10 FAULT_FLIPS=300 FAULT_WEEKS=100 FAULT_ROOMS=40 STEP_KILLS=40 FAULT_KILLS=20 CRAWL_KILLS=50 EMBED_KILLS=50 TRAINER_FAULT_KILLS=300 $(BIN)/python -m pytest tests/faults -s --timeout=7200

bench: setup ## Crawl time against the bound of the rate, memory of a source of 100,000 (4 minutes)
	$(BIN)/python -m tests.bench.bench_crawl

golden: setup ## Make the demo packs' golden files anew (after their preprocessing has changed)
	for pack in demo demo-stashface; do \
	  $(EMBEDDER_VENV)/bin/python -m embedder.packs make $$pack --packages $(PACKAGES) --out var/golden/$$pack && \
	  $(EMBEDDER_VENV)/bin/python -m embedder.golden make var/golden/$$pack --out embedder/golden/$$pack.json || exit 1; \
	done

bench-embedder: setup ## The embedder against its models alone, against DeepFace, memory (15 minutes)
	$(BIN)/python -m tests.bench.bench_embedder

bench-packs: setup ## What a second model pack costs a build, and how its release names unseen pictures (15 minutes)
	$(BIN)/python -m tests.bench.bench_packs

PERFORMERS ?= 110000
bench-requests: setup ## What the planner of pictures saves over an invented population, on simulated time (6 minutes)
	$(BIN)/python -m tests.bench.bench_requests --performers $(PERFORMERS)
	$(BIN)/python -m tests.bench.bench_hosts

BATCH_PEOPLE ?= 400
bench-batches: setup ## Whole builds: an early first release, a kill, and what the planner saves (10 minutes)
	$(BIN)/python -m tests.bench.bench_batches --people $(BATCH_PEOPLE)

bench-crawls: setup ## Builds of fifteen sources, one after another and side by side: time, the same release (10 minutes)
	$(BIN)/python -m tests.bench.bench_crawls

PEOPLE ?= 110000
bench-release: setup ## Two weeks of a large invented world: time, memory, recall (half an hour; PEOPLE=3000: 2 minutes)
	$(BIN)/python -m tests.bench.bench_release $(PEOPLE)

SIZES ?= 3000 10000 30000
bench-scaling: setup ## bench-release at several sizes, the exponent of each step through them (an hour)
	$(BIN)/python -m tests.bench.bench_scaling $(SIZES)

MEMORY_SIZES ?= 10000 30000 110000 300000
bench-memory: setup ## The same with indexes built in haste: memory of each step at sizes up to 300,000 (an hour)
	$(BIN)/python -m tests.bench.bench_scaling --haste $(MEMORY_SIZES)

VECTORS ?= 370000
DIRECTIONS ?= 512
bench-index: setup ## One index of vectors as hard as they can be: recall of each M (over an hour; VECTORS=5000: seconds)
	$(BIN)/python -m tests.bench.bench_index --vectors $(VECTORS) --directions $(DIRECTIONS)

bench-contamination: setup ## 5% of faces given to the wrong person: how many are found (10 minutes)
	$(BIN)/python -m tests.bench.bench_contamination real
	$(BIN)/python -m tests.bench.bench_contamination simulated --seeds 3

bench-crowds: setup ## Performers whose pictures all show several people: who is saved, which faces are wrong (10 minutes)
	$(BIN)/python -m tests.bench.bench_crowds real --seeds 40
	$(BIN)/python -m tests.bench.bench_crowds simulated --seeds 5

bench-reports: setup ## Each page over 110,000 performers, 500 runs: time to first content, memory (2 minutes)
	$(BIN)/python -m tests.bench.bench_reports

screenshots: setup ## Every page of the reports in a browser, over the demo's data: docs/screens (2 minutes)
	$(BIN)/python -m tests.browser.screenshots --data var/demo/data --out docs/screens

docs: setup ## Write docs/sources.md, docs/configuration.md, .env.example and Compose's settings anew from what they describe
	$(BIN)/trainer sources --markdown > docs/.sources.md && mv docs/.sources.md docs/sources.md
	$(BIN)/python -m trainer.config.settings_page > docs/.configuration.md && mv docs/.configuration.md docs/configuration.md
	$(BIN)/python -m trainer.config.env_example > .env.new && mv .env.new .env.example
	$(BIN)/python -m trainer.config.compose_settings

new-source: setup ## Start a source: make new-source NAME=key KIND=html_profile|stash_box|rest
	$(BIN)/python -m scrapy_project.new_source "$(NAME)" "$(KIND)"

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(SBOM_VENV)/.installed: $(BIN)/.uv requirements-sbom.txt
	test -x $(SBOM_VENV)/bin/python || $(UV) venv -q --python $(BIN)/python $(SBOM_VENV)
	$(UV) pip sync -q --python $(SBOM_VENV)/bin/python --require-hashes requirements-sbom.txt
	touch $@

$(S3_VENV)/.installed: $(BIN)/.uv requirements-s3.txt
	test -x $(S3_VENV)/bin/python || $(UV) venv -q --python $(BIN)/python $(S3_VENV)
	$(UV) pip sync -q --python $(S3_VENV)/bin/python --require-hashes requirements-s3.txt
	touch $@

test-objects: setup $(S3_VENV)/.installed ## A build whose every step begins with an empty DATA_DIR, kills, races, against a look-alike of S3
	$(BIN)/python -m pytest -n 0 tests/objects

sbom: $(SBOM_VENV)/.installed ## Write the bills of materials of the images to var/sbom (CycloneDX)
	mkdir -p var/sbom
	$(SBOM_VENV)/bin/cyclonedx-py requirements requirements.txt -o var/sbom/trainer.cdx.json
	for name in requirements requirements-cuda; do \
	  $(SBOM_VENV)/bin/cyclonedx-py requirements embedder/$$name.txt -o var/sbom/embedder-$$name.cdx.json || exit 1; \
	done

IMAGE ?= stash-sense-trainer:latest
EMBEDDER_LOCK ?= requirements
sbom-image: sbom ## One bill of an image, its Debian packages too: make sbom-image IMAGE=... (EMBEDDER_LOCK=requirements-cuda)
	docker run --rm --network none --entrypoint cat "$(IMAGE)" /var/lib/dpkg/status > var/sbom/dpkg-status
	$(SBOM_VENV)/bin/python -m tests.supply_chain.image_bom --status var/sbom/dpkg-status --image "$(IMAGE)" \
	  --out var/sbom/image.cdx.json var/sbom/trainer.cdx.json var/sbom/embedder-$(EMBEDDER_LOCK).cdx.json

audit: $(SBOM_VENV)/.installed ## Compare the lock files with lists of known weaknesses, where one can be had (pip-audit)
	$(SBOM_VENV)/bin/python -m tests.supply_chain.audit

lock: $(BIN)/.uv ## Resolve the requirements anew
	for pair in requirements requirements-dev embedder/requirements embedder/requirements-cuda \
	  embedder/export/requirements requirements-sbom requirements-s3 container/uv; do \
	  $(UV) pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $$pair.in -o $$pair.txt || exit 1; \
	done

clean: down ## Remove all that the commands above made
	tests/docker_base.sh clean
	rm -rf $(VENV) $(EMBEDDER_VENV) $(EXPORT_VENV) $(SBOM_VENV) var *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
