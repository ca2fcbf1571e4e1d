# The two that a newcomer needs are `make run` and `make test`.
SYSTEMS ?= shop
RAW ?=
AS_OF ?=
# The first Python that fits, unless one is named.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
# Linting opens a warehouse, but needs nothing in it; it reads the compiled specs too.
LINT := KOHORTE_WAREHOUSE=target/lint.duckdb
SQL := models tests/data

.DEFAULT_GOAL := help
.PHONY: help run test prove test-spark test-activation ghost fuzz fuzz-refresh kill lint format dev lock clean

help: ## print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed"; exit 1; }
	@echo "installing the pinned packages into .venv with $(PYTHON) (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

run: $(INSTALLED) ## build the warehouse and print the segments (SYSTEMS=, RAW=, AS_OF=)
	@$(BIN)/kohorte run --systems "$(SYSTEMS)" \
		$(if $(RAW),--raw "$(RAW)") $(if $(AS_OF),--as-of "$(AS_OF)")

test: $(INSTALLED) lint ## run everything that must hold
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not long"

prove: $(INSTALLED) ## run the longer proofs, which `make test` leaves out
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m long

fuzz: $(INSTALLED) ## compare segments with the reference, and updates with builds (EXAMPLES=)
	@KOHORTE_EXAMPLES=$(or $(EXAMPLES),20000) $(BIN)/pytest \
		tests/kohorte/test_truth.py tests/kohorte/test_moving.py

fuzz-refresh: $(INSTALLED) ## compare refreshes of drawn shops with builds (SHOPS=)
	@KOHORTE_REFRESHES=$(or $(SHOPS),20) $(BIN)/pytest tests/project/test_refresh.py

.venv-spark/.installed: tests/servers/spark.lock
	@$(PYTHON) -m venv .venv-spark
	@.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement $<
	@touch $@

test-spark: $(INSTALLED) .venv-spark/.installed ## run compiled segments on Spark (needs Java 17)
	@KOHORTE_SPARK_PYTHON=.venv-spark/bin/python $(BIN)/pytest \
		tests/kohorte/test_other_engines.py -k spark

ghost: $(INSTALLED) ## run a Ghost on loopback to try the sync with (needs Node 20)
	@$(BIN)/python -m tests.servers.ghost

test-activation: $(INSTALLED) ## sync with a real Ghost (needs Node 20) and a real Mailman
	@KOHORTE_GHOST=1 $(BIN)/pytest -rs --durations=8 \
		tests/activation/test_ghost_server.py tests/activation/test_mailman_server.py

kill: $(INSTALLED) ## kill runs at random moments and compare how they end (KILLS=)
	@KOHORTE_KILLS=$(or $(KILLS),30) $(BIN)/pytest tests/history/test_kill.py \
		tests/history/test_kill_publishing.py tests/kohorte/publishing/test_readers.py \
		tests/activation/test_kill.py

lint: $(INSTALLED) ## check style and types of Python and SQL
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy
	@$(BIN)/kohorte compile >/dev/null
	@mkdir -p target && $(LINT) $(BIN)/sqlfluff lint --disable-progress-bar --processes 2 $(SQL)

format: $(INSTALLED) ## bring Python and SQL into the house's form
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet
	@$(BIN)/kohorte compile >/dev/null
	@mkdir -p target && $(LINT) $(BIN)/sqlfluff fix --disable-progress-bar --processes 2 $(SQL)

dev: run ## open Dagster in the browser, on port 3000, with a finished run to look at
	@mkdir -p .dagster && cp orchestration/dagster.yaml .dagster/dagster.yaml
	@test -e .dagster/history/runs.db || { echo "one build by Dagster, to look at (once)"; \
		DAGSTER_HOME=$(CURDIR)/.dagster $(BIN)/dagster job execute \
		-m orchestration.definitions -j build >.dagster/first.log 2>&1 \
		|| echo "it did not end well; see it in the browser, or .dagster/first.log"; }
	@DAGSTER_HOME=$(CURDIR)/.dagster $(BIN)/dagster dev -m orchestration.definitions

lock: $(INSTALLED) ## pin all packages anew, with hashes (needs uv)
	@uv pip compile pyproject.toml --group dev --universal --no-strip-extras \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--no-annotate --python-version 3.11 --quiet --output-file requirements.lock

clean: ## remove what was built; raw data, and what the sync knows of the tools, stay
	@rm -rf target logs models/marts/segments/generated
	@test ! -d warehouse || find warehouse -mindepth 1 -maxdepth 1 \
		! -name 'sync*.duckdb' ! -name 'outbox*' -exec rm -rf {} +
