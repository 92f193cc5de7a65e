# The commands of SoftswitchCRM. They need Python 3.12 or newer, make and a package registry, and nothing else.
# PYTHON=/path/to/python chooses the Python that .venv is made with; PORT=8001 the port of the demo.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint format bench lock messages

PY := .venv/bin/python
PORT ?= 8000
export PYTHON PORT

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Install the program into .venv (quick when nothing has changed)
	@bin/setup runtime

setup-dev: ## Install what testing and checking need as well
	@bin/setup dev

demo: setup ## Serve a demo with two organisations at http://acme.localhost:8000/
	@bin/port-is-free $(PORT)
	@exec $(PY) manage.py demo

test: setup-dev ## Run every check and every test
	@bin/test

lint: setup-dev ## Run the checks without the tests
	@bin/lint

format: setup-dev ## Put the code into its form
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format .

bench: setup-dev ## Measure: make bench JOB=import [ROWS=100000]
	@test -n "$(JOB)" || { echo "Say which: make bench JOB=import [ROWS=100000] (import, list, provision, migrate, crypto)" >&2; exit 2; }
	@exec $(PY) -m bench $(JOB) $(if $(ROWS),--rows $(ROWS))

messages: setup-dev ## Collect translatable texts into the .po files (needs GNU gettext) and compile them
	@command -v xgettext >/dev/null || { echo "Collecting texts needs GNU gettext (Debian: apt-get install gettext)." >&2; exit 1; }
	@$(PY) manage.py makemessages --all --no-location --ignore ".venv/*" --ignore "var/*"
	@$(PY) manage.py compile_messages

lock: setup-dev ## Compile requirements*.txt from requirements*.in (pass UPGRADE=-U for newer indirect ones)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@for name in requirements requirements-dev; do \
	  $(PY) -m uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links $(UPGRADE) --output-file $$name.txt $$name.in || exit 1; \
	done
