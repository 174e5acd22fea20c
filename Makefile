# Two commands matter: `make serve` (set up, build, look) and `make test`. Needs Python >= 3.11 and make, nothing else.
#
# Never run `python -m build` in this folder: Python would find our build.py, not the packaging tool of that name.

PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.SILENT:
.DELETE_ON_ERROR:
.PHONY: help setup setup-dev content build serve test lint lock bench bench-corpus bench-across bench-imaging bench-peers clean distclean

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip -qq --no-color install
# node and npm come from a pinned wheel, into .venv/bin, which must come before any other Node.
WITH_NODE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
NODE_MODULES := assets/node_modules/.installed
CHROMIUM_FOUND := $(VENV)/.chromium
CHECKED := portal ingest search_index build.py

help:
	echo "make serve      set up, build the demonstration portal, serve it on this computer"
	echo "make test       every test, in a real browser too (installs one where there is none)"
	echo "make setup      .venv and assets/node_modules, from the lock files"
	echo "make build      build the demonstration portal into site/; ARGS='--content DIR --out DIR' for another"
	echo "make content    the images of the demonstration studies"
	echo "make lint       ruff and mypy alone"
	echo "make bench      bytes and requests of first views, against benchmarks/budgets.toml"
	echo "make bench-across ARGS=SITE  what a gene, a symbol, a phenotype, a plate, a table cost a reader of a built portal"
	echo "make bench-corpus  what a corpus of IDR's studies costs; ARGS='FOLDER --studies idr0002 --times 2'"
	echo "make bench-imaging  what drawing images costs, beside pyvips and ome-zarr-py; ARGS='--side 2048 --peer PYTHON'"
	echo "make bench-peers  a first view of an image beside OpenSeadragon and Viv over OME-Zarr, in a real browser"
	echo "make lock       rewrite the lock files (maintainers; needs uv)"
	echo "make clean      remove what was built; make distclean removes what was installed as well"

setup: $(RUNTIME) $(NODE_MODULES)

setup-dev: setup $(DEV) $(CHROMIUM_FOUND)

$(PY):
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"Slidecase needs Python 3.11 or later, and $(PYTHON) is {v[0]}.{v[1]}. Say which to use: make PYTHON=python3.12 …" if v < (3, 11) else 0)'
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	echo "setup: a Python environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)

# pyvips has no wheel and is built from its source; its build would fetch unhashed packages, so we install those
# from a lock of their own and build without isolation. Everything else must be a wheel.
$(RUNTIME): requirements-build.lock requirements.lock | $(PY)
	echo "setup: Python packages (some 230 MB, half a minute)"
	$(PIP) --require-hashes --only-binary=:all: -r requirements-build.lock
	$(PIP) --require-hashes --no-build-isolation --only-binary=:all: --no-binary=pyvips -r requirements.lock
	touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	echo "setup: packages for the tests"
	$(PIP) --require-hashes --only-binary=:all: -r requirements-dev.lock
	touch $@

$(NODE_MODULES): assets/package.json assets/package-lock.json $(RUNTIME)
	echo "setup: JavaScript packages"
	cd assets && $(WITH_NODE) npm ci --loglevel=error --no-progress >/dev/null
	touch $@

$(CHROMIUM_FOUND): $(DEV) tests/browser/chromium.py
	$(PY) tests/browser/chromium.py --install
	touch $@

content: $(RUNTIME)
	$(PY) content/synthetic.py

build: setup content
	$(PY) build.py build $(ARGS)

serve: setup content
	$(PY) build.py serve $(ARGS)

lint: $(DEV)
	echo "lint: ruff"
	$(PY) -m ruff check --quiet .
	echo "lint: mypy"
	$(PY) -m mypy --no-error-summary $(CHECKED)

# The browser may be removed between two runs: ask again each time, it takes no time.
test: setup-dev lint content
	$(PY) tests/browser/chromium.py --install
ifeq ($(strip $(ARGS)),)
	$(WITH_NODE) $(PY) tests/side_by_side.py
else
	$(WITH_NODE) $(PY) -m pytest $(ARGS)
endif

bench: setup-dev content
	$(PY) benchmarks/first_view.py $(ARGS)

bench-across: setup-dev
	$(PY) benchmarks/across.py $(ARGS)

bench-corpus: setup
	$(PY) benchmarks/corpus.py $(ARGS)

bench-imaging: setup
	$(PY) benchmarks/imaging.py $(ARGS)

bench-peers: setup-dev
	$(PY) benchmarks/peers.py $(ARGS)

# One lock for every platform. It names no index, so that a mirror serves as well.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock:
	command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(COMPILE) requirements.in -o requirements.lock
	$(COMPILE) requirements-dev.in -c requirements.lock -o requirements-dev.lock
	$(COMPILE) requirements-build.in -o requirements-build.lock

clean:
	rm -rf site .slidecase .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -path ./assets/node_modules -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) assets/node_modules benchmarks/viewers/node_modules
