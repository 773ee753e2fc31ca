# make demo   environment, dependencies, system packages, then the cockpit    (make demo ARGS="--port 8000")
# make test   environment, dependencies, browser, all tests                   (make test ARGS="tests/scenes")
# make check  linter, formatter, types        make format  repair what the linter and the formatter can
# make env    only the environment: .venv with the libra command, and what rendering needs from the system

SHELL := bash
VENV := .venv
# The stamp is named after what it depends on, so a checkout with newer file times or a moved folder decides rightly.
KEY := $(shell { echo "$(CURDIR)"; cat pyproject.toml constraints.txt scripts/make-env.sh; } | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/.ready-$(KEY)
# Tests that wait for no clock share the cores; the others want the machine for themselves.
TOGETHER := tests/diagnosis tests/library tests/scenes tests/training
SOURCES := app diagnosis library policy records scenes tests training viz
ARGS ?=

.PHONY: help demo test check format env

help:
	@sed -n 's/^# make/make/p' Makefile

demo: env
	@$(VENV)/bin/libra demo $(ARGS)

test: env
	@scripts/system-packages.sh browser
ifeq ($(ARGS),)
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist loadfile $(TOGETHER)
	@$(VENV)/bin/python -m pytest $(addprefix --ignore=,$(TOGETHER))
else
	@$(VENV)/bin/python -m pytest $(ARGS)
endif

check: env
	@$(VENV)/bin/ruff check $(SOURCES)
	@$(VENV)/bin/ruff format --check $(SOURCES)
	@$(VENV)/bin/mypy

format: env
	@$(VENV)/bin/ruff check --fix $(SOURCES)
	@$(VENV)/bin/ruff format $(SOURCES)

env: $(STAMP)
	@scripts/system-packages.sh rendering

$(STAMP):
	@scripts/make-env.sh $(STAMP)
