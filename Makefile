# `make demo` and `make test` need Python 3.11+, make and pip; the rest is for people who work on the code.
PYTHON ?= python3
BIN = .venv/bin

# Neighbours stay with one process: what the fixtures of a file make (clusters, environments, datasets) is made once.
PYTEST = $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: demo test test-slow test-all lint types fix sample clean

demo: .venv/core        ## 12 movies, their dataset, loaded back: the core install only
	$(BIN)/moviellm run tiny --out demo --until dataset

test: .venv/dev         ## the suite
	$(PYTEST)

test-slow: .venv/dev    ## what takes minutes: the built packages, old versions of `datasets`, the paper's size
	$(PYTEST) -m slow

test-all: .venv/dev     ## both
	$(PYTEST) -m "slow or not slow"

lint: .venv/dev         ## what CI checks beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

fix: .venv/dev          ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sample: .venv/core      ## make the committed sample and the README's pictures again
	.ci/sample

.venv/core: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

.venv/dev: .venv/core
	$(BIN)/python -m pip install --quiet -c constraints.txt torch  # first and pinned: a newer one drags in CUDA
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,buckets,llm,diffusion,film,train,qlora,eval,app,ray]'
	touch $@

clean:
	rm -rf .venv demo runs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
