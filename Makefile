# `make demo` and `make test` do all the set-up on a machine that has Python (3.11 or later) and make.

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DATA ?= ../shared/data

.PHONY: demo test test-long neo4j lint types format models recognizer results scale screenshots clean

demo: $(INSTALLED)
	$(BIN)/enlace demo

test: $(INSTALLED)
	$(BIN)/python -m pytest

test-long: $(INSTALLED)
	$(BIN)/python -m pytest -m long

# A Neo4j Community server on this machine, in the foreground: Java 17 or 21 and Maven are all it needs.
neo4j: $(INSTALLED)
	$(BIN)/python tests/neo4j_server.py

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The shipped models, from the open data in DATA; under two hours on two cores.
models: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" DATA="$(DATA)" bash benchmarks/train_shipped_models.sh

# The shipped recogniser and its teachers; about two and a half hours on one core.
recognizer: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" DATA="$(DATA)" bash benchmarks/train_shipped_recognizer.sh

# The tables of docs/results.md.
results: $(INSTALLED)
	$(BIN)/python -m benchmarks.linking --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.linking --data $(DATA) --set distemist-hpo-terms --precision bfloat16 --json docs/results
	$(BIN)/python -m benchmarks.linking --data $(DATA) --set distemist-hpo-terms --precision int8 --json docs/results
	$(BIN)/python -m benchmarks.evidence --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.retrained --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.against_published_loop --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.latency --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.latency --data $(DATA) --precision int8 --json docs/results
	$(BIN)/python -m benchmarks.large_index --json docs/results
	$(BIN)/python -m benchmarks.times --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.import_rf2 --json docs/results
	$(BIN)/python -m benchmarks.import_rf2 --growth --json docs/results
	$(BIN)/python -m benchmarks.import_neo4j --json docs/results
	$(BIN)/python -m benchmarks.import_rrf --json docs/results
	$(BIN)/python -m benchmarks.import_rrf --growth --concepts 1200000 --json docs/results
	$(BIN)/python -m benchmarks.ecl --json docs/results
	$(BIN)/python -m benchmarks.harmonize --json docs/results
	$(BIN)/python -m benchmarks.recognition --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.harmonize_distemist --data $(DATA) --json docs/results
	$(BIN)/python -m benchmarks.damage --json docs/results
	$(BIN)/python -m benchmarks.killed_imports --data $(DATA) --json docs/results
	rm -rf build/serve && mkdir -p build/serve
	ENLACE_HOME=build/serve $(BIN)/enlace load $(DATA)/hpo/hp.v2024-04-26.json.gz --translations $(DATA)/hpo/hp-es.babelon.tsv --release hpo-2024-04
	ENLACE_HOME=build/serve $(BIN)/enlace index --release hpo-2024-04
	$(BIN)/python -m benchmarks.serve --home build/serve --neo4j --json docs/results
	$(BIN)/python -m benchmarks.one_request --home build/serve --json docs/results
	$(BIN)/python -m benchmarks.results_page

# The figures of docs/scale.md; about an hour on two cores that do nothing else.
scale: $(INSTALLED)
	rm -rf build/scale && mkdir -p build/scale
	for release in hpo-2024-04 hpo-bfloat16; do ENLACE_HOME=build/scale $(BIN)/enlace load \
	  $(DATA)/hpo/hp.v2024-04-26.json.gz --translations $(DATA)/hpo/hp-es.babelon.tsv --release $$release || exit 1; done
	ENLACE_HOME=build/scale $(BIN)/enlace index --release hpo-2024-04
	ENLACE_HOME=build/scale $(BIN)/enlace index --release hpo-bfloat16 --precision bfloat16
	$(BIN)/python -m benchmarks.annotate --home build/scale --data $(DATA) --release hpo-2024-04 --ray --json docs/results
	$(BIN)/python -m benchmarks.annotate --home build/scale --data $(DATA) --release hpo-bfloat16 --notes 1000 --json docs/results
	$(BIN)/python -m benchmarks.scale_page

# The pictures of docs/browser.md; needs Chromium.
screenshots: $(INSTALLED)
	$(BIN)/python -m benchmarks.screenshots

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
