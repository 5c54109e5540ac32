# make lab    reads the workbook in JupyterLab      make test   passes its tests
# Both first set up .venv with the tested versions; PYTHON=python3.12 chooses its Python.
# make lab EDITION=zh opens the edition in another language whose folder is zh.

.PHONY: lab edition test run setup wheels check new dev lint format notebooks exercises translate diagrams screenshots site site-open test-site book test-book upgrade canary test-canary links test-all test-windows test-browser site-lite test-lite test-others class hub test-hub test-grading test-image clean

# With it, Python would not find the workbook's own modules.
unexport PYTHONSAFEPATH
# With it, each of the thousands of Pythons of a test run would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

# The menus of an edition are in its language: its folder lab has JupyterLab's setting for it.
lab: edition setup
	.venv/bin/jupyter lab --ServerApp.root_dir=. $(if $(EDITION),--LabApp.app_settings_dir=$(EDITION)/lab) $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) $(addsuffix /,$(EDITION))notebooks/00_start_here.ipynb

EDITIONS = $(patsubst %/edition.toml,%,$(wildcard */edition.toml))
edition:
	@$(if $(filter-out $(EDITIONS),$(EDITION)),$(error there is no edition $(EDITION), but: $(EDITIONS)))

test: setup
	.venv/bin/python -m pytest $(ARGS)

run: setup
	@PATH="$$PWD/.venv/bin:$$PATH" bash run.sh $(ARGS)

setup:
	@bash tools/setup.sh

# For a class without a network: on a machine with one, of the same system and Python.
# Where the folder wheels is, all else installs from it. ARGS=classroom/requirements.lock adds the teacher's.
wheels: setup
	.venv/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes -d wheels -r requirements.lock $(addprefix -r ,$(ARGS))

# For authors: CONTRIBUTING.md says when to use which.

# All faults of style, of all pages or of those in ARGS and their sheets; no cell is run.
check: dev
	@.venv/bin/python -m tools.check $(ARGS)

# Begins a chapter, an exercise, or a sheet: make new ARGS="chapter 13 watch_it_run"
new: dev
	@.venv/bin/python -m tools.new $(ARGS)

dev:
	@bash tools/setup.sh dev

lint: dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/codespell
	.venv/bin/shellcheck run.sh tools/*.sh .ci/run
	.venv/bin/actionlint -shellcheck=.venv/bin/shellcheck .github/workflows/*.yml
	.venv/bin/zizmor --offline --quiet --persona=auditor .github

format: dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

notebooks: dev
	.venv/bin/ruff format notebooks
	.venv/bin/python -m tools.index
	.venv/bin/python -m tools.refresh $(if $(ARGS),$(ARGS) notebooks/9[123]*)
	.venv/bin/python -m tools.translate build

exercises: dev
	.venv/bin/ruff format exercises
	.venv/bin/python -m tools.build_exercises $(ARGS)
	.venv/bin/python -m tools.translate build

# The editions in other languages; CONTRIBUTING.md: ARGS="status zh", or another command of tools/translate.
translate: setup
	@.venv/bin/python -m tools.translate $(ARGS)

diagrams: dev
	for source in notebooks/img/*.d2; do .venv/bin/d2 --pad 20 "$$source" "$${source%.d2}.svg" || exit 1; done

screenshots: dev
	.venv/bin/python -m tools.screenshots

# The workbook as pages to read, in site/_build/html, and each edition in a folder there; no cell is run.
site: setup
	@bash tools/setup.sh site
	for edition in "" $(SHOWN); do \
		export PYTHONPATH=site SITE_EDITION="$$edition" BUILT="site/_build/$$edition"; \
		.venv/bin/python -m stage && .venv/bin/python -m sphinx --quiet --fail-on-warning -c site \
			-d "$$BUILT/doctrees" "$$BUILT/pages" "$$BUILT/html" || exit 1; \
		[ -z "$$edition" ] || mv "$$BUILT/html" "site/_build/html/$$edition"; \
	done
# Those with a first page.
SHOWN = $(patsubst %/README.md,%,$(wildcard $(addsuffix /README.md,$(EDITIONS))))

site-open: site
	.venv/bin/python -m webbrowser "file://$(CURDIR)/site/_build/html/index.html"

test-site: dev site
	.venv/bin/python -m pytest -n0 --ignore=site/test_book.py site $(ARGS)
	.venv/bin/python -m pytest -n0 site/lite/test_in_process.py

# The workbook to print, and for readers of EPUB: site/_build/wsgi-workbook.pdf and .epub; no cell is run.
book: setup
	@bash tools/setup.sh site
	PYTHONPATH=site .venv/bin/python -m book

test-book: dev book
	.venv/bin/python -m pytest -n0 site/test_book.py $(ARGS)

upgrade: dev
	@mkdir -p reports
	@cp requirements.lock reports/before.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) requirements.txt -o requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock tools/requirements.txt -o tools/requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock classroom/requirements.txt -o classroom/requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock deploy/requirements.txt -o deploy/requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock -c tools/requirements.lock site/requirements.txt -o site/requirements.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) -c requirements.lock site/lite/requirements.txt -o site/lite/requirements.lock
	.venv/bin/uv pip compile --upgrade $(filter-out --universal --python-version 3.11,$(LOCK)) -c requirements.lock --python-version 3.14 --python-platform wasm32-pyodide2024 site/lite/wheels.txt -o site/lite/wheels.lock
	.venv/bin/uv pip compile --upgrade $(LOCK) tests/others/requirements.txt -o tests/others/requirements.lock
	@bash tools/setup.sh dev
	.venv/bin/python -m tools.changed_cells --store reports/before.lock reports/upgrade.md
	.venv/bin/python -m tools.translate build
# The extras stay in the lock: without jsonschema's, the pip of Python 3.11 takes a newer one for it, and stops.
LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-strip-extras --custom-compile-command "make upgrade"

# The newest releases, in a folder of their own: which outputs do they change? ARGS adds packages, such as git+https://github.com/pallets/flask.
canary:
	$(or $(PYTHON),python3) -m venv --clear .canary
	.canary/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt $(ARGS)
	@mkdir -p reports
	.canary/bin/python -m tools.changed_cells requirements.lock reports/canary.md

test-canary:
	.canary/bin/python -m pytest $(ARGS)

links: setup
	@mkdir -p reports
	.venv/bin/python -m tools.links reports/links.md

test-all: dev
	@PYTHONS="$(PYTHONS)" .venv/bin/python -m tools.test_all $(ARGS)

# All that runs on Windows, by a Python that lacks much of what Windows lacks.
test-windows: setup
	.venv/bin/python -m tests.windows $(ARGS)

test-browser: dev site
	.venv/bin/python -m pytest -n0 tests/browser site/test_in_browser.py $(ARGS)

# The pages, and chapters 01 to 04 and their sheets in the reader's own browser: files for any web server.
# What they are made of is fetched once, into .lite, and pinned by its hash.
site-lite: .lite/fetched
	.lite/bin/python site/lite/build.py
	$(MAKE) site # its pages lead there

.lite/fetched: site/lite/requirements.lock site/lite/wheels.lock site/lite/package-lock.json
	$(or $(PYTHON),python3) -m venv --clear .lite
	.lite/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r site/lite/requirements.lock
	.lite/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes -r site/lite/wheels.lock \
		--no-deps --only-binary :all: --python-version 3.14 --platform manylinux_2_28_x86_64 -d .lite/wheels
	cp site/lite/package.json site/lite/package-lock.json .lite
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --prefix .lite --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

test-lite: dev site-lite
	.venv/bin/python -m pytest -n0 site/lite $(ARGS)

# Programs that nobody here wrote, on the small server and on Gunicorn, in an environment of their own.
test-others: .others/requirements.lock
	.others/bin/python -m pytest -o "addopts=-p tests.clean -p no:dash -rs" tests/others $(ARGS)

.others/requirements.lock: tests/others/requirements.lock
	$(or $(PYTHON),python3) -m venv --clear .others
	.others/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	.others/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes -c $< \
		--no-deps --no-binary :all: -d .others/sources flask httpbin
	cd .others/sources && for file in *.tar.gz; do tar xzf "$$file" || exit 1; done
	cp $< $@

# The image of deploy/, built and run for real. Linux, as root; no engine: apt-get install buildah debootstrap.
test-image: dev
	.venv/bin/python -m pytest -n0 deploy/test_image.py $(ARGS)

# A room of learners: classroom/hub/README.md.

class: setup
	@bash tools/setup.sh class
	@cd classroom/hub && { [ node_modules/.package-lock.json -nt package-lock.json ] || \
		PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error; }

hub: class
	@.venv/bin/python -m jupyterhub -f classroom/hub/jupyterhub_config.py $(ARGS)

# nbgrader grades a class of 30: classroom/README.md.
test-grading: setup
	@bash tools/setup.sh class
	.venv/bin/python -m pytest -n0 classroom/grading $(ARGS)

test-hub: dev class
	.venv/bin/python -m pytest -n0 classroom/hub $(ARGS)

# A .venv without this file is somebody's own: tools/setup.sh did not make it.
clean:
	[ ! -e .venv/requirements.lock ] || rm -rf .venv
	rm -rf .canary .others .lite .pythons .pytest_cache .ruff_cache reports site/_build classroom/hub/node_modules
