# Two commands do all the set-up on a fresh Debian with Python 3.11 and make: `make demo` and `make test`.
# Both work in an environment of their own, .venv. `make demo PYTHON=python3.12` names the interpreter,
# `make demo ARGS="a.txt b.txt"` hands arguments on, as `make test ARGS="tests/graph -x"` does.

SHELL := /bin/bash
BIN := .venv/bin
PYTHON ?=
ARGS ?=
export PYTHON
# pyright would otherwise ask its registry at every start whether a newer one is out
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all bench notebooks lint types imports format clean setup-demo setup-test

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

demo: setup-demo ## run documents through a pipeline on this machine, IAM enforced
	@$(BIN)/lakenb demo $(ARGS)

test: setup-test lint types imports ## lint, types, import contract and every test but the slow sweeps
	$(BIN)/pytest $(ARGS)

test-all: setup-test lint types imports ## the same with the slow sweeps
	$(BIN)/pytest -m "slow or not slow" $(ARGS)

bench: setup-test ## medians, and ratios against a peer in the same run; never a verdict
	$(BIN)/python benchmarks/run.py $(ARGS)

notebooks: setup-test ## run the notebooks and write their outputs
	$(BIN)/python scripts/notebooks.py $(ARGS)

lint: setup-test ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-test ## mypy on the package, pyright on its public names
	$(BIN)/mypy
	@# --verifytypes looks only where the first Python on the PATH finds its packages
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright --verifytypes lakenb --ignoreexternal

imports: setup-test ## the rooms import in one direction
	$(BIN)/lint-imports

format: setup-test ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove all that these commands made, .venv included
	rm -rf .venv build dist cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-demo:
	@scripts/setup.sh demo

setup-test:
	@scripts/setup.sh test
