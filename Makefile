# `make` prints what there is. Every target but `up` and `down`, which need docker alone, first makes .venv hold what
# constraints.txt pins; that takes about a minute the first time and nothing after that.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/sh

bin := .venv/bin
# More for the command behind a target: make test ARGS='-k stream', make check ARGS=mypy, make demo ARGS=--help
ARGS ?=

.PHONY: help
help: ## Print this
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf "\n  ARGS='…' is passed on to the command: make test ARGS='-k stream'\n"

.PHONY: demo
demo: setup ## Ingest the Python Language Reference and ask it questions, without a network or a key
	@$(bin)/groundwire demo $(ARGS)

# Tests start many Python processes; without compiled modules each would compile all that it imports.
test quick chaos: export PYTHONDONTWRITEBYTECODE =
# A worker for each core, which takes over from the others what they have not begun.
workers := --numprocesses logical --maxprocesses 8 --dist worksteal

.PHONY: test
test: setup ## Run the tests, on every core (ARGS='-n0 …': in one process, for a debugger)
	@$(bin)/python -m pytest $(workers) $(ARGS)

.PHONY: quick
quick: setup ## Give a verdict within a minute: the quick checks, and the tests that start neither process nor server
	@$(bin)/python .ci/check.py ruff import buf mypy
	@$(bin)/python -m pytest $(workers) --quiet --ignore tests/e2e -m 'not (process or server or pages or local or slow)' $(ARGS)

.PHONY: chaos
chaos: setup ## Kill each part of the service fifty times while it answers queued questions (CHAOS_TIMES: how often)
	@CHAOS_TIMES=$(or $(CHAOS_TIMES),50) $(bin)/python -m pytest tests/chaos $(ARGS)

.PHONY: check
check: setup ## Run every check that is not a test: ruff, mypy, import-linter, buf, generated code
	@$(bin)/python .ci/check.py $(ARGS)

.PHONY: fmt
fmt: setup ## Format the Python code and apply automatic fixes
	@$(bin)/ruff check --fix-only --quiet .
	@$(bin)/ruff format --quiet .

.PHONY: serve
serve: setup ## Start a server on loopback
	@$(bin)/groundwire serve $(ARGS)

.PHONY: up
up: ## Start the stack of docker-compose.yml and ask a first question (ARGS=embedded: the small stack)
	@deploy/compose/stack up $(ARGS)

.PHONY: down
down: ## Stop the stack, and keep its documents and keys (ARGS=--volumes: remove them)
	@deploy/compose/stack down $(ARGS)

.PHONY: bench
bench: setup ## Measure the server against bench/targets.yaml
	@$(bin)/python -m bench $(ARGS)

.PHONY: eval
eval: setup ## Evaluate answers, verdicts and guards against bench/quality_targets.yaml (ARGS=--statements-only: verdicts alone)
	@$(bin)/python -m bench.evaluation $(ARGS)

.PHONY: docs
docs: setup ## Build the documentation into build/docs (ARGS=serve: show it while you write)
	@NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(bin)/python -m mkdocs $(or $(ARGS),build --quiet) --config-file docs/site/mkdocs.yml

.PHONY: generate
generate: setup ## Generate the contract's Python code and its copy for callers, the client without asyncio, the boards
	@$(bin)/python protos/generate.py $(ARGS)
	@$(bin)/python clients/python/unasync.py $(ARGS)
	@$(bin)/python -m deploy.grafana $(ARGS)

.PHONY: image
image: setup ## Accept the contract as what may not break from now on (protos/CHANGELOG.md says when)
	@cd protos && ../$(bin)/buf build --path groundwire --exclude-source-info --output image.binpb
	@$(bin)/python -c 'import hashlib, pathlib; print("image:", hashlib.sha256(pathlib.Path("protos/image.binpb").read_bytes()).hexdigest())'

.PHONY: setup
setup: ## Create .venv, or bring it up to date
	@.ci/setup

.PHONY: lock
lock: setup ## Pin what the pyproject.toml files ask for (ARGS=--upgrade: the newest versions)
	@.ci/lock $(ARGS)

.PHONY: clean
clean: ## Remove .venv, caches and builds; keep data
	@rm -rf .venv build dist clients/*/dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
