# Everything builds itself in the git-ignored .work; the second time is faster. `make help` lists the targets.
#   PYTHON=python3.12   interpreter to build with (3.11 or newer; looked for when this one is too old)
#   VENV=.work/venv     environment of the tools
#   ARGS="..."          handed to the tool: make integration ARGS="image --jobs 1", make units ARGS="-k plan -x"

PYTHON ?= python3
WORK := .work
VENV ?= $(WORK)/venv
ARGS ?=

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
export PYTHONPATH := $(CURDIR)/$(WORK)/collections
export VENV PYTHON
unexport ARGS

venv = $(PYTHON) tests/tools/venv.py --python $(PYTHON)
in = $(1)/bin/python -m ansible_collections.imageops.glance
tool = $(call in,$(VENV)).tests.tools

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint sanity units integration faults faults-short bench browser docs molecule release-check changelog test-matrix \
	clean cloud-up cloud-down

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 18

venv: ## the environment of the tools
	@$(venv) --venv $(VENV) -r tests/requirements.txt

demo: venv ## a real cloud, a catalog published twice, a new version of one image, and what is there then
	@$(tool).demo $(ARGS)

test: venv ## lint, sanity, units, integration, faults-short, release-check, molecule
	@$(tool).everything $(ARGS)

lint: venv ## ruff, mypy, yamllint, shellcheck, ansible-lint
	@$(tool).lint $(ARGS)

sanity: venv ## ansible-test sanity, without an ignore file
	@$(tool).sanity $(ARGS)

units: venv ## tests that need nothing but Python
	@$(tool).pytest_suite units tests/unit $(ARGS)

integration: venv ## every target and tests/cloud, on the local cloud
	@$(tool).integration $(ARGS)

faults: venv ## kills, broken connections, races
	@$(call in,$(VENV)).tests.faults.run $(ARGS)

faults-short: venv ## one of each kind of fault
	@$(call in,$(VENV)).tests.faults.run --short $(ARGS)

bench: venv ## measurements beside other tools
	@$(call in,$(VENV)).tests.benchmark $(ARGS)

browser: venv ## the report's page in a browser
	@$(tool).pytest_suite browser tests/browser $(ARGS)

docs: ## the documentation site, in docs/build
	@$(venv) --venv $(WORK)/venv-docs -r tests/requirements-docs.txt
	@$(call in,$(WORK)/venv-docs).tests.tools.docs $(ARGS)

molecule: ## the molecule scenarios
	@$(venv) --venv $(WORK)/venv-molecule -r tests/requirements-molecule.txt
	@$(call in,$(WORK)/venv-molecule).tests.tools.molecule $(ARGS)

release-check: ## changelog, archive, installation, galaxy-importer
	@$(venv) --venv $(WORK)/venv-release -r tests/requirements-release.txt
	@$(call in,$(WORK)/venv-release).tests.tools.release_check $(ARGS)

changelog: ## CHANGELOG.md for the version in galaxy.yml, from its fragments and plugins
	@$(venv) --venv $(WORK)/venv-release -r tests/requirements-release.txt
	PATH="$(CURDIR)/$(WORK)/venv-release/bin:$$PATH" antsibull-changelog release --reload-plugins --refresh --update-existing

test-matrix: venv ## sanity, units and chosen targets with each supported ansible-core
	@$(tool).matrix $(ARGS)

cloud-up: venv ## start the local cloud
	@tests/local_cloud/cloud up

cloud-down: ## stop the local cloud
	@tests/local_cloud/cloud down

clean: ## stop the cloud, remove everything that was built
	@if [ -d $(WORK)/cloud ]; then tests/local_cloud/cloud down; fi
	rm -rf $(WORK) docs/build .ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis
