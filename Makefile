# `make demo` and `make test` need python3 (3.11 or newer) and make; everything else comes from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test setup lab lock clean

demo: $(STAMP)
	$(BIN)/segutils sample data/manufacturer
	$(BIN)/segutils batch data/retail/engagement.yml data/manufacturer/engagement.yml

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

setup: $(STAMP)

lab: $(STAMP)
	$(BIN)/segutils lab data/retail/engagement.yml

# uv is fetched into the environment itself when it is missing: nothing outside .venv is touched
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "segutils needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV_COMPILE_BYTECODE=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

lock:
	$(BIN)/uv pip compile pyproject.toml --extra lab --extra test --extra postgres --generate-hashes --universal \
	  --no-emit-index-url --no-header --python-version 3.11 --output-file requirements.lock --quiet

clean:
	rm -rf reports build *.egg-info
