# Everything a person types. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
# Tests with real processes wait more than they compute.
WORKERS ?= $(shell echo $$((2 * $$(nproc))))
READY := $(VENV)/ready-$(shell cat requirements/dev.txt | cksum | cut -d' ' -f1)
BENCH_READY := $(VENV)/bench-ready-$(shell cat requirements/bench.txt | cksum | cut -d' ' -f1)

help: ## List these targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Prepare everything (.venv), run nothing
	@echo "Ready. 'make run' shows the system at work, 'make test' tests it."

$(READY):
	@scripts/setup $(VENV)
	@rm -f $(VENV)/ready-*; touch $@

run: $(READY) ## The show: an evening of paid orders while things go wrong [ONCE=1] [ORDERS=n|all]
	@$(PY) -m devtools.show $(if $(filter 1,$(ONCE)),--once) $(if $(ORDERS),--orders $(ORDERS))

test: $(READY) ## All tests, on servers of their own
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

chaos: $(READY) ## Everything breaks for minutes: is anything lost or done twice? [MINUTES=10] [SEED=n] [ARGS=…]
	@$(PY) -m tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(READY) $(BENCH_READY) ## How fast beside others: P1 to P9, within 35 minutes [FULL=1] [ONLY=P1,P4] [REPEATS=3]
	@$(PY) -m benchmarks $(if $(filter 1,$(FULL)),--full) $(if $(ONLY),--only $(ONLY)) $(if $(REPEATS),--repeats $(REPEATS))

bench-scale: $(READY) ## What more workers and dispatchers cost each other: docs/scale-out.md [ORDERS=1000] [REPEATS=3]
	@$(PY) -m benchmarks.scale $(if $(ORDERS),--orders $(ORDERS)) $(if $(REPEATS),--repeats $(REPEATS))

$(BENCH_READY): $(READY)
	@echo "Installing what is compared …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@rm -f $(VENV)/bench-ready-*; touch $@

check: $(READY) ## Exactly what CI runs: format, lint, types, layers, migrations, deploy check, tests, a short show
	@scripts/check

down: ## Stop the show and the embedded servers of this checkout
	@if [ -x $(PY) ]; then $(PY) -m devtools.show.ending; else echo "Nothing runs: there is no $(VENV)."; fi

clean: ## Stop everything and remove all that make made: data, caches, .venv
	@if [ -x $(PY) ]; then $(PY) -m devtools.show.ending --remove; fi
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov static_collected
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@echo "Clean."

lock: $(READY) ## Pin the requirements anew from requirements/*.in (needs uv)
	@scripts/lock

.PHONY: help setup run test chaos bench bench-scale check down clean lock
