# Every target installs what it needs: Python 3.11 or newer, make and the package registry suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: run test soak check format sdl bench lock clean

run: $(READY)
	$(BIN)/vouchergraph serve

test: check
	$(BIN)/pytest

# A thousand orders while everything breaks; SOAK_SEED repeats a schedule.
soak: $(READY)
	$(BIN)/pytest tests/soak --orders 1000

# Format, lint, strict types and import rules.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The checked-in schema, printed from the code.
sdl: $(READY)
	$(BIN)/vouchergraph sdl > schema/schema.graphql

bench: $(READY)
	$(BIN)/python -m tests.bench

# The locks hold names, versions and hashes for every supported Python, and no address.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements.txt --upgrade

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV)
