# The two commands that do everything:  make book   and   make test.
# README.md has the plain command behind each target, for machines without make.

PYTHON ?= python3
PORT ?= 8000

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
STAMP := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help setup book html notebooks student teacher slides kit pdf lab check test long bench artefacts clean

help: ## Print this list.
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile

setup: $(STAMP) ## Create .venv and install everything, once.

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "$(PYTHON) was not found. Install Python 3.11 to 3.14, or name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || { \
	  echo "mechfit needs Python 3.11 to 3.14; $(PYTHON) is `$(PYTHON) -V 2>&1`. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PY) -m pip --disable-pip-version-check install -q -c constraints.txt -e '.[book,test,scale]' || { \
	  echo "The installation failed; pip's own words are above. If they speak of connections or of no matching"; \
	  echo "distribution, pip could not reach a package index: check the network, a proxy, or PIP_INDEX_URL."; exit 1; }
	@touch $(STAMP)

html: $(STAMP) ## Execute the chapters and build the HTML in _build/html.
	$(BIN)/jupyter-book build . -W -n --keep-going

book: html ## The same, then serve it on http://127.0.0.1:8000 (PORT=8001 for another port).
	@$(PY) book/_ext/serve.py $(PORT)

notebooks: $(STAMP) ## Make a notebook of every chapter in _build/notebooks.
	@$(PY) book/_ext/notebooks.py _build/notebooks

student: $(STAMP) ## Notebooks without solutions, with checks, in _build/student.
	@$(PY) book/_ext/notebooks.py _build/student --student --run

teacher: $(STAMP) ## Notebooks with solutions and outputs, in _build/teacher.
	@$(PY) book/_ext/notebooks.py _build/teacher --outputs --run

slides: $(STAMP) ## Slides of every chapter, one HTML file each, in _build/slides.
	@$(PY) book/_ext/slides.py _build/slides --run

pdf: $(STAMP) ## Print the built book into _build/pdf/mechfit.pdf.
	@test -f _build/html/book/index.html || $(MAKE) --no-print-directory html
	$(PY) book/_ext/pdf.py

kit: $(STAMP) ## One archive for a room without internet, in _build/kit; run `make html` before.
	@$(PY) book/_ext/kit.py _build/kit

lab: notebooks ## Open these notebooks in JupyterLab.
	@$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements 2>/dev/null
	$(BIN)/jupyter lab _build/notebooks/book/index.ipynb

check: $(STAMP) ## Lint, unit tests and doctests.
	@$(PY) .ci/stages.py check

test: ## Set-up, lint, all tests, book build, browser tests; prints budget and times.
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "$(PYTHON) was not found. Install Python 3.11 to 3.14."; exit 1; }
	@$(PYTHON) .ci/stages.py

long: $(STAMP) ## Tests of a minute and more, which `make test` leaves out.
	$(PY) -m pytest -q -n auto --dist load -m long

bench: $(STAMP) ## Compare speeds with other packages (installs the extra `bench`).
	@test -d tests/benchmarks || { echo "There are no benchmarks yet (tests/benchmarks)."; exit 1; }
	@$(PY) -m pip --disable-pip-version-check install -q -c constraints.txt -e '.[bench]'
	@$(PY) -m pip --disable-pip-version-check install -q --no-deps sbibm==1.1.0 # its requirements are outdated
	$(PY) -m pytest tests/benchmarks -q -s

artefacts: $(STAMP) ## Remake the stored posteriors and simulation banks of the book.
	$(PY) book/artefacts/make.py
	$(PY) book/artefacts/networks.py
	$(PY) book/artefacts/compartments.py
	$(PY) book/artefacts/interventions.py
	$(PY) book/artefacts/interventions_recurrent.py
	$(PY) book/artefacts/brute_force.py
	$(PY) book/artefacts/genetic.py
	$(PY) book/artefacts/learned.py
	$(PY) book/artefacts/next_step.py
	$(PY) book/artefacts/dimensions.py
	$(PY) book/artefacts/feature_sets.py
	$(PY) book/artefacts/pyloric.py
	$(PY) book/artefacts/geometry.py
	$(PY) book/artefacts/robustness.py

clean: ## Remove the built book and the executed chapters; .venv and _build/notebooks stay.
	rm -rf $(filter-out _build/notebooks,$(wildcard _build/* _build/.[a-z]*))
