# make lab    reads the workbook in JupyterLab      make test   passes its tests
# Both first set up .venv with the tested versions; PYTHON=python3.12 chooses its Python.

.PHONY: lab test run setup dev lint format notebooks diagrams upgrade test-all test-browser clean

lab: setup
	.venv/bin/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) notebooks/00_start_here.ipynb

test: setup
	.venv/bin/python -m pytest $(ARGS)

run: setup
	@PATH="$$PWD/.venv/bin:$$PATH" bash run.sh $(ARGS)

setup:
	@bash tools/setup.sh

# For authors: CONTRIBUTING.md says when to use which.

dev:
	@bash tools/setup.sh dev

lint: dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check

format: dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

notebooks: dev
	.venv/bin/ruff format notebooks
	.venv/bin/python tools/refresh.py $(ARGS)
	.venv/bin/python tools/index_rules.py

diagrams: dev
	for source in notebooks/img/*.d2; do .venv/bin/d2 --pad 20 "$$source" "$${source%.d2}.svg" || exit 1; done

upgrade: dev
	.venv/bin/uv pip compile --upgrade $(LOCK) requirements.txt -o requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock requirements-dev.txt -o requirements-dev.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock requirements-class.txt -o requirements-class.lock
	@bash tools/setup.sh dev
	.venv/bin/python tools/refresh.py
LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make upgrade"

test-all: dev
	.venv/bin/nox $(ARGS)

test-browser: dev
	.venv/bin/python -m pytest browser $(ARGS)

clean:
	rm -rf .venv .nox .pytest_cache .ruff_cache
