# `make demo` shows xacct at work on a laptop; `make test` proves it; `make check` keeps the house in order.
# Each target sets itself up: it needs python3 (3.11 or newer), make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SAMPLE ?= 180# seconds of chaos in `make prove`
PLANTED ?=# arguments of the planted bugs in `make prove`: all of them
# One more than there are processors: tests wait for sandboxes and databases, too.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

# Programs are started here by the hundred: each compiles what it imports once, and not each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check fmt conformance bench chaos prove lock clean
.DEFAULT_GOAL := help

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/demo.stamp: requirements/demo.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xacct needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/demo.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

demo: $(VENV)/demo.stamp  ## play the main job with both sandboxes and the real bot (ARGS=--keep leaves it running)
	@$(BIN)/python -m demo $(ARGS)

test: $(VENV)/dev.stamp  ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(VENV)/dev.stamp  ## lint, types, import contracts, the house and its documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_house.py tests/test_docs.py

fmt: $(VENV)/dev.stamp  ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: $(VENV)/dev.stamp  ## IAM's behaviour: the sandbox's, or two real accounts' (ARGS='--owner-profile … --grantee-profile …')
	@$(BIN)/python -m tests.conformance $(ARGS)

bench: $(VENV)/dev.stamp  ## measure; prints figures
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/dev.stamp  ## kill, freeze and lie to the real bot at every AWS call and commit; writes docs/reliability.md
	@$(BIN)/python -m tests.chaos $(ARGS)

prove: $(VENV)/dev.stamp  ## the long proofs: who can enter is who may, 200,000 commands, planted bugs, three minutes of chaos
	$(BIN)/python -m pytest -n $(WORKERS) tests/prove
	@$(BIN)/python -m tests.planted $(PLANTED)
	@$(BIN)/python -m tests.chaos --sample $(SAMPLE)

lock: $(VENV)/dev.stamp  ## write requirements/*.txt anew from the *.in files
	cd requirements && for set in dev run demo; do \
	  ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --no-header --no-emit-index-url $$(test $$set = dev || echo "-c dev.txt") $$set.in -o $$set.txt; done

clean:  ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
