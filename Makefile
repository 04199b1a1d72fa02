# `make demo` sets everything up and does the main job; `make test` sets everything up and checks it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.PHONY: demo test lint types check bench pictures clean system

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]' 'napari[pyqt6]'
	touch $@

system:
	@sh tools/system-packages

demo: system $(STAMP)
	@sh tools/with-screen $(BIN)/napari-motionfft demo --out demo-output

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

test: system lint types
	OMP_NUM_THREADS=1 sh tools/with-screen $(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(STAMP)
	$(BIN)/python -m benchmarks

pictures: system $(STAMP)
	PYTHONPATH=. sh tools/with-screen $(BIN)/python docs/make_pictures.py

clean:
	rm -rf $(VENV) demo-output build dist
