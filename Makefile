# The words of this repository. GNU make 3.81 (macOS) is enough; `make help` lists them.

BIN    := .venv/bin
HERE   := $(CURDIR)
INPUTS := pyproject.toml setup.py constraints.txt
# The tests start the program hundreds of times: compiled once, whatever the machine has been told about bytecode.
COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(HERE)/.venv/bytecode
STYLE  := $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --output-format concise .
PYTEST  = $(shell sh tests/memory_folder.sh) $(COMPILED) $(BIN)/python -m pytest -q --durations=20
PURE   := $(addprefix tests/,sequence subscriber simulation letter mime intake i18n docs test_shape.py)
# While tests are collected, and wait, a core has time for the types.
BESIDE_TYPES = $(BIN)/mypy >.venv/types 2>&1 & types=$$!;
BOTH   = tests=$$?; wait $$types || { cat .venv/types; exit 1; }; exit $$tests
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help run demo check test test-all chaos cluster bench bench-large pictures deb image clean
.DEFAULT_GOAL := help

help: ## show these words
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: .venv/installed ## install on first use, then run Relance on this folder
	$(BIN)/relance -C . run

demo: .venv/installed ## install on first use, then show Relance at work
	$(BIN)/relance -C . demo

check: .venv/installed-test ## style, types and the tests that need no database: under a minute
	$(STYLE)
	$(BIN)/mypy
	$(PYTEST) -n 2 $(PURE)

test: .venv/installed-test ## style, types and every test
	@sh tests/install_browser.sh
	@sh tests/install_postgres.sh
	@sh tests/inbound/fetch_corpora.sh
	@sh tests/mail_hosts/install.sh
	@sh tests/cluster/install.sh
	@sh tests/install_promtool.sh
	@sh tests/clients/install_typescript.sh
	$(STYLE)
	@$(BESIDE_TYPES) $(PYTEST) -n 6; $(BOTH)

test-all: .venv/installed-test ## the same, with as many examples and rows as the tests are meant for
	@sh tests/install_browser.sh
	@sh tests/install_postgres.sh
	@sh tests/inbound/fetch_corpora.sh
	@sh tests/mail_hosts/install.sh
	@sh tests/cluster/install.sh
	@sh tests/install_promtool.sh
	@sh tests/clients/install_typescript.sh
	$(STYLE)
	@$(BESIDE_TYPES) RELANCE_LONG=1 $(PYTEST) -n 6; $(BOTH)

chaos: .venv/installed-test ## kill it three hundred times: nobody misses a letter
	@rm -f bench/chaos.json
	RELANCE_CHAOS_FOUND=bench/chaos.json RELANCE_KILLS=$${RELANCE_KILLS:-300} $(COMPILED) $(BIN)/python -m pytest -q -n 2 -rP tests/chaos

cluster: .venv/installed-test ## three hosts and a database with a standby: one dies, is cut off, stands still; it fails over
	@sh tests/install_postgres.sh
	@sh tests/cluster/install.sh
	$(COMPILED) $(BIN)/python -m tests.cluster

bench: .venv/installed-test ## what it costs, against the limit
	@sh bench/install_postfix.sh
	$(BIN)/python -m bench

bench-large: .venv/installed-test ## the same at the sizes the goals are set for: an hour, 25 GB of disk
	@sh bench/install_postfix.sh
	$(BIN)/python -m bench --large --picture bench/ledger-size.svg

pictures: .venv/installed-test ## the pictures of docs/console.md, taken anew of the sample and people who lived in it
	@sh tests/install_browser.sh
	$(BIN)/python -m tests.console.pictures

deb: .venv/installed ## a Debian package of this tree, in dist/
	@rm -f dist/relance-*.whl
	@$(PIP) wheel --no-deps --wheel-dir dist .
	@PIP="$(BIN)/python -m pip" sh packaging/build_deb.sh dist/relance-*.whl dist --constraint constraints.txt

BUILD_IMAGE ?= buildah build --format docker

image: ## a container's image of this tree; BUILD_IMAGE="docker build" where that is at hand
	@$(BUILD_IMAGE) --file packaging/container/Containerfile --tag relance \
	  --build-arg VERSION=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' engine/__init__.py) \
	  --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null) \
	  --build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 1767225600) .

clean: ## remove what make and the tools built, never data or configuration
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment holds absolute paths and its Python's: where either has gone, it is built again.
# The distribution's Python comes first: built with profiles, it takes a quarter less for a letter than one compiled by default.
PLACE := $(shell cat .venv/place 2>/dev/null && .venv/bin/python -c "" 2>/dev/null || echo lost)
ifneq ($(PLACE),$(HERE))
.PHONY: .venv/place
endif

.venv/place:
	@python=; for each in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do \
	  if "$$each" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Relance needs Python 3.11 or newer with its venv module, and found none." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv    On macOS: brew install python@3.13" >&2; \
	  exit 1; \
	fi; \
	rm -rf .venv && "$$python" -m venv .venv && printf '%s\n' "$(HERE)" > .venv/place

.venv/installed: .venv/place $(INPUTS)
	@echo "Installing Relance into .venv (once; a minute or two) ..."
	@$(PIP) install --constraint constraints.txt --editable . \
	  || { echo "The installation failed: see above. Is a package index within reach?" >&2; exit 1; }
	@touch $@

.venv/installed-test: .venv/installed
	@echo "Installing what the tests need into .venv (once) ..."
	@$(PIP) install --constraint constraints.txt --editable '.[test]' \
	  || { echo "The installation failed: see above. Is a package index within reach?" >&2; exit 1; }
	@touch $@
