# Five doors: `make demo`, `make test`, `make lint`, `make bench`, `make docs`. Each does its own set-up.
PYTHON ?= python3
BIN := .venv/bin
# Wheels are unpacked without compiling every file first: it halves the time of a first installation.
# The few packages that the command line itself needs are compiled below, so that --help is quick.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

.PHONY: demo test lint bench docs clean

demo: .venv/run.stamp
	$(BIN)/collapse-metrics demo --out demo

test: .venv/dev.stamp
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist worksteal

lint: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -p no:collapse_metrics.pytest_plugin -m "not bad_input and not slow" --jaxtyping-packages=collapse_metrics,beartype.beartype tests/metrics tests/stats

bench: .venv/bench.stamp
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.peers $(BENCH)

docs: .venv/docs.stamp
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

clean:
	rm -rf .venv demo build dist docs/_build

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/bin/pip pyproject.toml
	$(PIP) -e '.[mnist]'
	-$(BIN)/python -m compileall -q -x 'torch|nvidia|triton|sympy|scipy|sklearn|pandas|numpy|matplotlib|fontTools|PIL|networkx|joblib|mlxtend|pip|setuptools|mpmath|cuda' .venv/lib > /dev/null
	touch $@

.venv/dev.stamp: .venv/run.stamp
	$(PIP) -e '.[dev]'
	touch $@

.venv/bench.stamp: .venv/run.stamp
	$(PIP) -e '.[bench]'
	touch $@

.venv/docs.stamp: .venv/run.stamp
	$(PIP) -e '.[docs]'
	touch $@
