# `make demo` shows what it does, `make quick` and `make test` check that it does it, `make install` prepares .venv with all plugins.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PLUGINS := $(sort $(wildcard plugins/*/))
# pip compiles what it copies, but not what it installs in place.
COMPILE := $(BIN)/python -m compileall -q core plugins

# Tests run side by side (`make test JOBS=1`: in turn). A file stays in one process, so that what its tests share is made once; files
# keep their order, since by number of tests the few long ones of whole programs would come last.
JOBS ?= auto
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile --no-loadscope-reorder
TSC := npx --yes --package typescript@7.0.2 tsc
QUICK := -m "not slow" --ignore=tests/end_to_end --ignore=tests/families

.DEFAULT_GOAL := help
.PHONY: help demo install quick test coverage browser lint types page-types imports check docs clean

help:
	@echo "make demo     install host and MEL into $(VENV), train a detector and scan with it"
	@echo "make install  prepare $(VENV) with the host and all plugins"
	@echo "make quick    the fast tests: what to run while changing something"
	@echo "make test     all tests, those of the encoders, of whole programs and of the review page in a browser too"
	@echo "make coverage all tests, and which lines and branches they leave out"
	@echo "make check    lint, types and import rules"
	@echo "make page-types  types of the review page's JavaScript, where Node.js is there"
	@echo "make docs     build the documentation into site/, which opens without a server"
	@echo "make clean    remove $(VENV) and what the demo and the tools left"

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or later is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade 'pip>=25.1'

# Stamps, so that a second run installs nothing that has not changed.
$(VENV)/.demo: $(BIN)/python pyproject.toml plugins/mel/pyproject.toml constraints.txt
	$(PIP) install -q -c constraints.txt -e '.[plot]' -e plugins/mel
	@$(COMPILE)
	@touch $@

$(VENV)/.install: $(BIN)/python pyproject.toml $(addsuffix pyproject.toml,$(PLUGINS)) constraints.txt
	$(PIP) install -q -c constraints.txt -e '.[plot]' $(foreach plugin,$(PLUGINS),-e $(plugin))
	@$(COMPILE)
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(VENV)/.install
	$(PIP) install -q -c constraints.txt --group dev
	@touch $@

$(VENV)/.docs: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install -q -c constraints.txt --group docs
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/audioscan-host demo

install: $(VENV)/.install
	@echo "Installed into $(VENV): audioscan-host and the plugins $(notdir $(PLUGINS:/=)). Run $(BIN)/audioscan-host --help"

quick: $(VENV)/.dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(QUICK)

# The tests of the review page drive Chromium. AUDIOSCAN_NEED_ALL=1 fails where there is none, else those tests are skipped.
browser: $(BIN)/python
	@$(BIN)/python tools/browser.py

# A cluster comes with network interfaces of its own, and a browser drops what it loads where these change.
test: $(VENV)/.dev browser
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --ignore=tests/ray
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/ray
	@echo "The whole test suite ran: host, plugins and end to end."

# Both parts of `test` add to the same figures, and the floor is that of all tests.
coverage: $(VENV)/.dev
	$(BIN)/python -m coverage erase
	@$(MAKE) test SIDE_BY_SIDE="$(SIDE_BY_SIDE) --cov --cov-append --cov-report= --cov-fail-under=0"
	$(BIN)/python -m coverage report

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

# The compiler comes by npm and only looks: the page is served as it is written. Without it this is left to who has it.
page-types:
	@if $(TSC) --version > /dev/null 2>&1; then $(TSC) --project plugins/ui/jsconfig.json; \
	else echo "Types of the page's JavaScript were not checked: that needs Node.js, and what npx gets by npm."; fi

imports: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types page-types imports
	@echo "Lint, types and import rules hold."

# The variable keeps mkdocs-material from telling of versions that are not in use here.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Built the documentation, linked and checked: open site/index.html"

clean:
	rm -rf $(VENV) .nox .coverage audioscan-demo build dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
