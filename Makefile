# Everything one does with the product; `make help` lists the lines marked ##.
# Needs only Python 3.11+, git and make (3.81 will do); `make test` fetches a PostgreSQL and a Chromium as well.

PYTHON ?= python3
PORT   ?= 8000
ARGS   ?=

VENV := .venv
BIN  := $(VENV)/bin
# Stamps say which requirements are installed; newer requirements make a new environment.
RUNTIME := $(VENV)/runtime.stamp
DEV     := $(VENV)/dev.stamp
export PORT

.PHONY: help run dev test mutants check fix migration translations limits reference sheets wheel benchmark starved clean chromium
.DEFAULT_GOAL := help

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# One key for the web server and the worker, kept so that what is encrypted can be read after a restart.
KEY := instance/demo.key
run: $(RUNTIME) $(KEY) ## Serve the demo on 127.0.0.1 (PORT=8000, DEMO_PASSWORD=... if you like to choose)
	@export BACKOFFICE_ENV=demo SECRET_KEY="$${SECRET_KEY:-$$(cat $(KEY))}"; \
	$(BIN)/flask --app app backoffice demo && \
	exec $(BIN)/flask --app app backoffice serve --bind 127.0.0.1:$(PORT)

# The same data, and a server that starts anew when code or a template changes; mails leave as in the demo.
dev: $(RUNTIME) $(KEY) ## Serve the demo, and start anew whenever code changes (PORT=8000)
	@export BACKOFFICE_ENV=demo SECRET_KEY="$${SECRET_KEY:-$$(cat $(KEY))}"; \
	$(BIN)/flask --app app backoffice demo && \
	{ $(BIN)/flask --app app backoffice worker & worker=$$!; trap 'kill $$worker' EXIT; \
	$(BIN)/flask --app app run --debug --port $(PORT); }

$(KEY): | $(RUNTIME)
	@mkdir -p $(@D)
	@umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))' > $@.new && mv $@.new $@

test: $(DEV) chromium ## Run the tests on SQLite and PostgreSQL (ARGS="tests/house -k sizes")
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# About an hour; ARGS=--go-on after it was stopped. What was found so far stands in .venv/mutants/progress.jsonl.
mutants: $(DEV) ## Break the policy and the actions in small places, and print what no test notices (ARGS=--again)
	@nice $(BIN)/python -m tests.support.mutants $(ARGS)

# The house rules run first and without workers: what fails in a second should not take minutes to say so.
check: $(DEV) chromium ## Format, lint, types, house rules, all tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/house
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/house --durations 40

fix: $(DEV) ## Format and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Compared with a scratch database at the newest migration, never with the one in use.
SCRATCH := $(VENV)/migration.sqlite3
FLASK_DB = BACKOFFICE_ENV=development DATABASE_URL=sqlite:///$(CURDIR)/$(SCRATCH) $(BIN)/flask --app app db
migration: $(DEV) ## Write the migration that the models ask for (NAME="add phone")
	@test -n "$(NAME)" || { echo 'Say what it does: make migration NAME="add phone"'; exit 2; }
	@rm -f $(SCRATCH)*
	$(FLASK_DB) upgrade
	$(FLASK_DB) revision --autogenerate -m "$(NAME)" \
		--rev-id $$(printf %04d $$(($$(ls migrations/versions | sed -n 's/^0*\([0-9]*\)_.*/\1/p' | sort -n | tail -1) + 1)))

translations: $(RUNTIME) ## Collect all texts for translators, and compile what they wrote (ADD=fr adds a language)
	@BACKOFFICE_ENV=development DATABASE_URL=sqlite:///$(CURDIR)/$(SCRATCH) \
		$(BIN)/flask --app app backoffice translations $(if $(ADD),--add $(ADD))

limits: $(RUNTIME) ## Write docs/limits.md from the settings and the constants
	@$(BIN)/python -m docs.make_limits

sheets: $(RUNTIME) ## Write the shipped sheet whose groups new installations have too
	@$(BIN)/python -m docs.make_sheets

reference: $(RUNTIME) ## Write docs/reference.md from the docstrings
	@$(BIN)/python -m docs.make_reference

# setuptools would put in again what an earlier build left behind.
wheel: $(DEV) ## Build dist/backoffice-<version>-py3-none-any.whl, which companies install
	@rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir dist .

benchmark: $(DEV) ## Measure against the peers and the floor (ARGS=...)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks $(ARGS)
	@$(BIN)/python -m benchmarks.plans --all

starved: $(DEV) ## Print what others see while clients are slow and databases, disks and mail servers fail (ARGS=...)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks.starved $(ARGS)

clean: ## Remove the environment and what tools left behind; data stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

chromium: $(DEV)
	@$(BIN)/python -m backoffice.testing.chromium > /dev/null

$(RUNTIME): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
