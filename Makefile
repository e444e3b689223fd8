# Commands for people. `make help` lists them.
# State lives in .data (for root in /var/lib/tresen); DATA_DIR=… and PORT=… change that.

SHELL = /bin/sh
RUN = needs=run; . config/environment.sh && exec "$$python"
DEV = needs=dev; . config/environment.sh && exec "$$python"

.DEFAULT_GOAL = help
.PHONY: help run test pytest lint bench soak manage messages screenshots assets requirements clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

run: ## start everything with a demo workspace, on http://127.0.0.1:8000/ (PORT=, DATA_DIR=, EMPTY=1: no demo, RESTORE=a backup)
	@$(RUN) -m config.stack

test: ## everything that must hold: lint, types, contracts, migrations, all tests with a browser (ARGS= for pytest)
	@$(DEV) -m config.check $(ARGS)

pytest: ## tests alone, with servers of their own: make pytest ARGS="tests/inbox -k window"
	@$(DEV) -m config.servers "$$python" -m pytest $(ARGS)

lint: ## the checks that need no test
	@$(DEV) -m config.check --only-checks

bench: ## measure, and print the table of docs/performance.md (ARGS=)
	@$(DEV) -m bench.run $(ARGS)

soak: ## the long seeded forms of the fault tests
	@$(DEV) -m config.check --soak

manage: ## a management command against the running stack: make manage ARGS="reset_password mara@radhaus.example"
	@$(RUN) manage.py $(ARGS)

messages: ## collect and compile the translations (needs gettext)
	@needs=dev; . config/environment.sh; export TRESEN_DEMO=1; \
	"$$python" manage.py makemessages --locale de --no-wrap --no-location --no-obsolete --ignore '.venv/*' --ignore 'tests/*' && \
	exec "$$python" manage.py compilemessages --ignore '.venv/*'

screenshots: ## the picture of the README, made by the product
	@$(DEV) -m docs.screenshots

assets: ## the sounds and PNG icons in static/, made anew
	@$(DEV) -m docs.assets

requirements: ## compile requirements*.txt from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url -q -o requirements.txt
	uv pip compile pyproject.toml --extra embedded -c requirements.txt --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements-run.txt
	uv pip compile pyproject.toml --extra embedded --extra test -c requirements-run.txt --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements-dev.txt

clean: ## remove what can be made again: the virtual environment and caches, never the data
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
