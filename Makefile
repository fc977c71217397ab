# Short doors to the command vimbiso, and what developers type. Needs Python 3.11 to 3.13, make and git; the rest is set up on the way.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The first interpreter that the project supports; asked only when a set-up is due. Name another: make PYTHON=...
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 && echo $$p && exit; \
	done; echo python3)
# Where the packages are installed. Another folder: make VENV_DIR=...
VENV_DIR ?= .venv
VENV := $(VENV_DIR)/bin

# Tests of servers wait more than they work: one process more than two cores have. The long ones come first.
AT_ONCE := -n 3 --dist loadfile --no-loadscope-reorder

# Tests of integration for which `make test` has no time; they run with `make e2e`.
LONG := $(wildcard tests/integration/flows tests/integration/test_ecs_tasks.py tests/integration/test_ecs_balancing.py tests/integration/test_sqlite_in_place.py tests/integration/test_sqlite_emulator.py tests/integration/terraform/test_terraform_drift.py tests/integration/terraform/test_generated_secret.py)

# Where it is set, every start compiles all of Prefect again: ten seconds.
export PYTHONDONTWRITEBYTECODE :=

# What may be said on the command line; another name does nothing, so nobody would hear of a slip.
VARIABLES := PYTHON VENV_DIR E REF P TESTS ALL ONLY QUICK N SEED SHELL
UNKNOWN := $(filter-out $(VARIABLES),$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
$(if $(UNKNOWN),$(error There is no variable $(UNKNOWN); there are: $(VARIABLES). An environment is named by E=staging))

# P has words of the command line, or NAME=VALUE for an option.
PARAMETERS = $(foreach word,$(P),$(if $(findstring =,$(word)),$(if $(filter -%,$(word)),,--))$(word))

VERBS := doctor deploy rollback history diagnose backup restore restart approve refuse logs

.PHONY: help venv setup demo register up down status $(VERBS) clean lock lint scan audit format unit test pythons simulate coverage bench e2e nightly

help: ## Show what there is to type
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv:
	@$(PYTHON) deployments/local/setup/bootstrap.py $(VENV_DIR)

setup: venv ## Make sure of the packages, a Docker engine, Terraform and its AWS provider
	@$(VENV)/vimbiso setup

demo: setup ## Carry the sample application through the whole pipeline on this machine
	@$(VENV)/vimbiso demo

register: venv ## Register blocks, work pools, deployments and automations; E="staging production" for some environments
	@$(VENV)/vimbiso register $(E)

up: setup ## Start the local stack: emulated AWS, Prefect server, worker
	@$(VENV)/vimbiso up

down: venv ## Stop what `up` or `demo` started; the state stays
	@$(VENV)/vimbiso down --engine

status: venv ## Show what runs and where: the local stack, or an environment with E=staging
	@$(VENV)/vimbiso status $(E)

deploy: ## Deploy and follow: E=staging REF=v1.2. Also: doctor rollback history diagnose backup restore restart approve refuse logs, P="name=value"
$(VERBS): venv
	@$(VENV)/vimbiso $@ $(or $(E),local) $(if $(REF),--ref $(REF)) $(PARAMETERS)

clean: venv ## Stop everything and remove the local stack's state
	@$(VENV)/vimbiso clean --engine

COMPILE := $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

lock: venv ## Write the lock files anew from pyproject.toml; the newest of each package: P=--upgrade
	$(COMPILE) $(P) --extra local --extra dev pyproject.toml --output-file requirements/all.lock
	$(COMPILE) --constraints requirements/all.lock pyproject.toml --output-file requirements/image.lock
	$(COMPILE) $(P) requirements/uv.in --output-file requirements/uv.lock
	$(COMPILE) $(P) requirements/audit.in --output-file requirements/audit.lock

lint: venv ## Check style, types, the direction of imports and Terraform
	@$(VENV)/vimbiso setup tools
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/typos
	$(VENV)/lint-imports
	@$(VENV)/vimbiso check-terraform

scan: venv ## Scan the Terraform code for unsafe settings
	@terraform/scan

audit: venv ## Look the locked packages up among the known vulnerabilities; needs the internet, and says so without it
	@requirements/audit

format: venv ## Format Python and Terraform
	$(VENV)/ruff format .
	@$(VENV)/vimbiso check-terraform --format

unit: venv ## Run the unit tests alone: no server, no engine, less than a minute
	$(VENV)/pytest -n 2 --dist loadfile tests/unit

test: setup ## Run the unit, integration and Terraform tests, and those of the simulated region
	@$(VENV)/vimbiso base-image >/dev/null
	@failed=0; \
	$(VENV)/pytest $(AT_ONCE) --durations=10 $(addprefix --ignore=,$(LONG)) $(wildcard tests/integration tests/terraform tests/unit) || failed=1; \
	$(VENV)/pytest -n 2 tests/region || failed=1; \
	$(MAKE) --no-print-directory simulate || failed=1; \
	exit $$failed

simulate: venv ## Play histories of kills and faults in the simulated region: N=300 SEED=1
	@$(VENV)/python tests/region/simulate.py --histories $(or $(N),300) --seed $(or $(SEED),1)

pythons: $(if $(TESTS),setup,venv) ## Run the unit tests on every supported Python of this machine; TESTS="tests/unit tests/integration" for more
	@$(VENV)/vimbiso pythons -- $(AT_ONCE) $(or $(TESTS),tests/unit)

coverage: setup ## Measure which branches of the product the unit tests reach; ALL=1 adds the integration tests and the floor
	$(VENV)/pytest $(AT_ONCE) --cov --cov-report=term tests/unit $(if $(ALL),tests/integration)
	@$(VENV)/coverage json -q -o - | $(VENV)/python tests/coverage_floor.py $(if $(ALL),,--show)

bench: setup ## Measure against what people use instead, into docs/benchmarks.md; ONLY=backup,cleanup, QUICK=1
	@PYTHONPATH=tests:tests/e2e:tests/integration $(VENV)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

e2e: setup ## Run the end-to-end tests, and those of each flow through its steps
	@$(VENV)/vimbiso base-image >/dev/null
	@failed=0; \
	$(VENV)/pytest $(AT_ONCE) --durations=10 $(LONG) || failed=1; \
	$(VENV)/pytest -n 2 --no-loadscope-reorder --durations=10 tests/e2e || failed=1; \
	exit $$failed

# What CI has no time for, or needs a machine with nothing else to do. A step that fails stops no other.
nightly: setup ## Run what takes too long for each change: speeds, ten times the examples, a simulated year, a year on one stack, every Python, coverage, small benchmarks
	@failed=""; step() { echo "== $$* =="; "$$@" || failed="$$failed; $$*"; }; \
	step $(VENV)/pytest -m nightly --durations=10 tests; \
	step $(VENV)/pytest $(AT_ONCE) --hypothesis-profile=nightly tests/unit; \
	step $(VENV)/python tests/region/year.py; \
	step env PYTHONPATH=tests:tests/e2e $(VENV)/python -m soak; \
	step $(MAKE) --no-print-directory pythons; \
	step $(MAKE) --no-print-directory coverage ALL=1; \
	step $(MAKE) --no-print-directory bench QUICK=1; \
	if [ -n "$$failed" ]; then echo "Failed$$failed"; exit 1; fi
