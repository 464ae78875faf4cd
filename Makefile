# Each target sees to what it stands on; what is in place already costs nothing.
SHELL := /bin/bash
PYTHON_BIN := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run setup test check audit format bench screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: ## the cabinet with sample data, on PORT (8000)
	@bin/setup run
	@exec $(PYTHON_BIN) -m cabinet.serve

setup: ## only .venv and what it needs
	@bin/setup run

test: ## the tests; ARGS are pytest's: make test ARGS="-m 'not browser'"
	@bin/setup test
	@exec $(PYTHON_BIN) -m pytest -n auto --dist worksteal $(ARGS)

check: ## all that CI runs: linters, then the tests
	@bin/setup test
	@bin/check $(ARGS)

audit: ## known holes in what is installed, where their list can be reached
	@bin/setup test
	@bin/audit

format: ## Python as ruff formats it
	@bin/setup test
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

bench: ## how fast it is; ARGS are the benchmark's
	@bin/setup test
	@PYTHON=$(PYTHON_BIN) bin/system-packages bench
	@exec $(PYTHON_BIN) -m bench $(ARGS)

screenshots: ## pictures of every page in docs/pictures/; ARGS say which: --language kk account
	@bin/setup test
	@exec $(PYTHON_BIN) -m cabinet.pictures $(ARGS)
