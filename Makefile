# Everything a developer needs. Each target does its own set-up: a new machine needs Python 3.11, make and the package registry.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ROUNDS ?= 200

CORE := model understand decide flow

.PHONY: help demo pages pictures test cover check model docs bench faults lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (half a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Adding what the tests need (half a minute, once) ..."
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run  ## send 94 example mails through real SMTP and show where each went and why
	@$(BIN)/python -m tools.demo

pages: $(VENV)/.run  ## the same, and then open it in the browser: inboxes, review, cases
	@$(BIN)/python -m tools.demo --pages

pictures: $(VENV)/.dev  ## take the pictures of the docs again, in Chromium of the demo's mails
	@$(BIN)/python -m tools.peers fetch chromium
	@$(BIN)/python -m tools.pictures

test: $(VENV)/.dev  ## all tests; real mail servers and a browser are unpacked, not installed
	@$(BIN)/python -m tools.peers fetch || echo "make test: real mail servers or the browser could not be had; tests that need them will say so"
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

cover: $(VENV)/.dev  ## that the unit tests reach every branch of the core
	COVERAGE_FILE=.cache/coverage $(BIN)/python -m pytest -q -n 2 --dist loadfile $(CORE:%=tests/unit/%) tests/unit/starter \
	  $(CORE:%=--cov=postroom.%) --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

check: $(VENV)/.dev  ## formatting, lint, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir .cache/site

model: $(VENV)/.dev  ## the shipped model from corpus/: the same corpus gives the same model
	$(BIN)/python -m postroom train corpus/*.jsonl --out src/postroom/starter/words.model

docs: $(VENV)/.dev  ## the documentation as a site, in .cache/site
	$(BIN)/python -m tools.reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir .cache/site

bench: $(VENV)/.dev  ## speed, beside Postfix: bench/results.json
	$(BIN)/python -m bench

faults: $(VENV)/.dev  ## break things at random under load: bench/faults.json
	$(BIN)/python -m bench.faults --rounds $(ROUNDS)

lock:  ## resolve the dependencies again (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what was built
	rm -rf $(VENV) .cache build dist site
