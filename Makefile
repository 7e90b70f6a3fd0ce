# Each target first installs what it needs. ENV=prod selects the environment, a file in environments/.
# FRAMEWORK=cdktn synthesizes with another framework than CDKTF: docs/successors.md.

PYTHON ?= python3

FRAMEWORKS := cdktf-provider-6 cdktn

# ENV, FRAMEWORK and ARGS are read from the command line only: a shell may have environment variables of these names.
ifeq ($(origin ENV),command line)
export LANGFUSE_ENV := $(value ENV)
unexport ENV
else
export LANGFUSE_ENV ?= dev
endif
ifeq ($(origin FRAMEWORK),command line)
export LANGFUSE_FRAMEWORK := $(value FRAMEWORK)
unexport FRAMEWORK
endif
ifneq ($(filter-out cdktf $(FRAMEWORKS),$(LANGFUSE_FRAMEWORK)),)
$(error FRAMEWORK is $(LANGFUSE_FRAMEWORK): it must be cdktf, $(subst $() $(), or ,$(FRAMEWORKS)))
endif
FRAMEWORK_STAMP := $(patsubst %,.venv/%/.stamp,$(filter-out cdktf,$(LANGFUSE_FRAMEWORK)))
ifneq ($(origin ARGS),command line)
ARGS :=
endif
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Where a container sets it, each of the many Python processes would compile what it imports: a second each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help local test unit commands changes faults lint roles bench docs diagram synth plan apply deploy destroy setup terraform pins clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

local: setup ## deploy all stacks onto an embedded AWS, no account needed (ARGS=--once: and stop it again)
	@python -m local $(ARGS)

test: setup .venv/browser.stamp .venv/checkov/.stamp $(FRAMEWORKS:%=.venv/%/.stamp) tests/node_modules/.stamp ## run every test, the end-to-end ones included (ARGS="-k bootstrap": some of them)
	@python -m tests $(ARGS)

unit: .venv/requirements.stamp node_modules/.stamp ## run the unit tests alone, which need neither Terraform nor its provider
	@python -m tests unit $(ARGS)

commands: setup .venv/awscli/.stamp ## run every command of README.md and docs/, on deployed environments (a quarter of an hour)
	@python -m tests docs $(ARGS)

changes: setup $(FRAMEWORKS:%=.venv/%/.stamp) ## change every setting of each environment, and compare with docs/settings.md (twenty minutes)
	@python -m tests changes $(ARGS)

faults: setup ## interrupt deploys and destroys at any moment, and repair them (three quarters of an hour)
	@python -m tests faults $(ARGS)

lint: .venv/browser.stamp .venv/checkov/.stamp tests/node_modules/.stamp ## ruff, mypy, shellcheck, actionlint, zizmor, checkov over every environment; spelling and style of the documents
	@ruff check .
	@ruff format --check .
	@mypy
	@shellcheck modules/*/*/*.sh setup/*.sh .ci/run
	@actionlint .github/workflows/*.yml
	@zizmor --offline --quiet .github
	@python -m policy_scan
	@tests/node_modules/.bin/cspell --no-progress --no-summary
	@tests/node_modules/.bin/markdownlint-cli2

roles: setup ## record what deploys, changes and destroys call, and derive the policies of CI's roles from it (half an hour)
	@python -m tests.roles $(ARGS)

bench: setup $(FRAMEWORKS:%=.venv/%/.stamp) ## measure synth and these commands, as ratios, into docs/performance.md (twenty minutes)
	@python -m bench

docs: .venv/requirements.stamp ## write docs/settings.md from the settings' docstrings, thresholds to docs/alarms.md, costs to docs/shapes.md
	@python -m settings.manual
	@python -m tests.alarms
	@python -m tests.shapes

diagram: setup ## draw docs/architecture and the picture in README.md, from the synthesized JSON
	@python -m diagram

synth: setup ## write the Terraform JSON of ENV to cdktf.out
	@cdktf synth

plan: setup ## show what a deploy of ENV would change on AWS, and save the plans (ARGS="--allow ADDRESS")
	@ops plan $(ARGS)

apply: setup ## apply exactly what make plan saved; a stale plan is refused
	@ops apply $(ARGS)

deploy: setup ## deploy ENV to AWS
	@cdktf deploy $(or $(ARGS),'*')

destroy: setup ## destroy ENV on AWS
	@cdktf destroy $(or $(ARGS),'*')

pins: .venv/setup.stamp ## pin what the requirements*.in ask for, with the hashes of every file, into requirements*.txt
	@for name in requirements requirements-dev requirements-browser requirements-setup requirements-terraform requirements-checkov requirements-awscli $(FRAMEWORKS:%=requirements-%); do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
			--custom-compile-command "make pins" $$name.in --output-file $$name.txt || exit 1; \
	done

clean: ## remove what make installed and wrote
	@for state in cdktf.out/stacks/*/errored.tfstate; do test ! -e "$$state" || { \
		echo "$$state is a state that Terraform could not store: run \`terraform state push errored.tfstate\` in that folder, then delete the file" >&2; exit 1; }; done
	@rm -rf .venv node_modules tests/node_modules cdktf.out

# Terraform comes first, so that a missing provider is reported before the other packages are installed.
setup: terraform .venv/requirements.stamp node_modules/.stamp $(FRAMEWORK_STAMP)

terraform: .venv/setup.stamp
	@python -m setup.terraform

.venv/setup.stamp: requirements-setup.txt
	@command -v $(PYTHON) > /dev/null || { echo "Python is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || { echo "Python's venv module is missing: install your system's python3-venv package" >&2; exit 1; }
	@$(PYTHON) -m setup.step "Virtual environment" sh -ec '$(PYTHON) -m venv .venv; \
		.venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements-setup.txt'
	@touch $@

# The second line makes the commands of pyproject.toml, cdktf and ops.
.venv/requirements.stamp: requirements-dev.txt pyproject.toml .venv/setup.stamp
	@python -m setup.step "Python packages" sh -ec 'setup/install.sh .venv --require-hashes --requirement requirements-dev.txt; \
		setup/install.sh .venv --no-deps --no-build-isolation --editable .'
	@touch $@

# What only the tests in a browser need, and mypy, which checks them.
.venv/browser.stamp: requirements-browser.txt .venv/requirements.stamp
	@python -m setup.step "Python packages of the browser" setup/install.sh .venv --require-hashes --requirement requirements-browser.txt
	@touch $@

# Programs and frameworks whose packages can't be installed beside the others.
.venv/checkov/.stamp .venv/awscli/.stamp $(FRAMEWORKS:%=.venv/%/.stamp): .venv/%/.stamp: requirements-%.txt .venv/setup.stamp
	@python -m setup.step "$*" sh -ec 'python -m venv --clear .venv/$*; setup/install.sh .venv/$* --require-hashes --requirement requirements-$*.txt'
	@touch $@

node_modules/.stamp: package-lock.json | .venv/requirements.stamp
	@python -m setup.step "Node.js packages" npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# What only tests need of npm.
tests/node_modules/.stamp: tests/package-lock.json | .venv/requirements.stamp
	@python -m setup.step "Node.js packages of the tests" npm ci --prefix tests --ignore-scripts --no-audit --no-fund
	@touch $@
