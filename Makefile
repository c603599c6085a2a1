# The two commands are `make run` and `make test`; `make check` is the static part, `make bench` the figures.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COP := $(BIN)/cop

.PHONY: run test check bench docs screenshots clean

run: $(VENV)/run.stamp
	@exec $(COP) run --tied

test: $(VENV)/test.stamp check
	@.ci/chromium
	@$(BIN)/python -m pytest

check: $(VENV)/test.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/test.stamp
	@.ci/chromium
	@$(BIN)/python -m bench

docs: $(VENV)/test.stamp
	@$(BIN)/python docs/tables.py

screenshots: $(VENV)/test.stamp
	@.ci/chromium
	@$(BIN)/python docs/screenshots.py

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) .ci/venv $(VENV) .
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) .ci/venv $(VENV) '.[test]'
	@touch $@ $(VENV)/run.stamp

clean:
	rm -rf $(VENV) build dist *.egg-info
