# Two commands do it all:  make  (set up, build, grade a sample class)  and  make test.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

A ?= a1_convolution_1d
CLASS ?= _build/sample_class
NAME ?= mnist1d

# the first Python that is new enough; say PYTHON=… to choose another
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
INSTALLED := .venv/installed
BOOK := _build/html/index.html
RELEASED := _build/released
SAMPLE := _build/sample_class/roster.csv

book_sources := _config.yml _toc.yml $(shell find book -type f -not -path '*/.ipynb_checkpoints/*')
package := $(shell find course_pkg -name '*.py')
task_sources := nbgrader_config.py $(shell find solutions -type f -not -path '*/.ipynb_checkpoints/*')
bank := $(shell find tests/assignments -path '*/bank/*.py')

export PYTHONDONTWRITEBYTECODE := 1

.PHONY: all
all: $(BOOK) $(RELEASED) sample  ## set up, build the book, generate the assignments, grade a sample class
	@echo
	@echo "The book:       _build/html/index.html"
	@echo "Feedback pages: _build/sample_class/feedback/"
	@echo "Class report:   _build/sample_class/reports/$(A).html"
	@echo "Open them in a browser, or run 'make serve'. 'make help' lists what else there is."

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 18

# -- setting up ---------------------------------------------------------------------------------------------

$(INSTALLED): requirements.txt pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "This needs Python 3.11 or newer, and there is none on the PATH." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/apt_install.sh python3-venv
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing the pinned environment into .venv (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import matplotlib.font_manager' 2>/dev/null  # lists the fonts once, not in the first notebook
	@touch $@

.PHONY: browser
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || tools/apt_install.sh chromium

# where students' code runs when it is graded
.PHONY: sandbox
sandbox:
	@command -v bwrap >/dev/null || tools/apt_install.sh bubblewrap libseccomp2

.PHONY: postgresql
postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || tools/apt_install.sh postgresql

# -- the book -----------------------------------------------------------------------------------------------

.PHONY: book
book: $(BOOK)  ## render the book from its stored outputs

$(BOOK): $(INSTALLED) $(book_sources) $(package)
	@echo "Building the book"
	@mkdir -p _build
	@$(BIN)/jupyter-book build . --all -W -n --keep-going --quiet >_build/book.log 2>&1 || { cat _build/book.log >&2; exit 1; }
	@touch $@

.PHONY: execute
execute: $(INSTALLED)  ## run every chapter and solution notebook anew and store the outputs
	@for notebook in $$(git ls-files 'book/*.ipynb' 'solutions/*.ipynb'); do \
		echo "$$notebook"; \
		$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --execute --inplace \
			--ExecutePreprocessor.record_timing=False "$$notebook"; \
	done

.PHONY: train
train: $(INSTALLED)  ## a full training run behind a chapter: make train NAME=small_yolo (default: mnist1d; up to half an hour)
	@$(BIN)/python -m course_pkg train $(NAME)

.PHONY: data
data: $(INSTALLED)  ## the larger sets of pictures, and which are here: fetch one with .venv/bin/python -m course_pkg data fetch NAME
	@$(BIN)/python -m course_pkg data list

# -- assignments and grading --------------------------------------------------------------------------------

.PHONY: assignments
assignments: $(RELEASED)  ## make assignments/ from solutions/

$(RELEASED): $(INSTALLED) $(task_sources) $(shell find course_pkg/checks course_pkg/grading -name '*.py')
	@echo "Generating the assignments"
	@mkdir -p _build
	@$(BIN)/python -m course_pkg release
	@touch $@

.PHONY: kill-table
kill-table: $(INSTALLED)  ## the page of the book on what an assignment's tests were tried on
	@$(BIN)/python -m course_pkg kill-table $(A)

$(SAMPLE): $(INSTALLED) $(task_sources) $(bank) $(shell find course_pkg -name '*.py' -not -path '*/plots/*')
	@$(BIN)/python -m course_pkg sample-class _build/sample_class
	@touch $@

.PHONY: sample
sample: $(SAMPLE) sandbox
	@$(BIN)/python -m course_pkg grade $(A) --class _build/sample_class

.PHONY: grade
grade: $(INSTALLED) sandbox $(if $(filter _build/sample_class,$(CLASS)),$(SAMPLE))  ## grade a class: make grade A=a1_convolution_1d CLASS=class (default: the sample class)
	@$(BIN)/python -m course_pkg grade $(A) --class $(CLASS)

.PHONY: formgrader
formgrader: $(INSTALLED) sandbox $(if $(filter _build/sample_class,$(CLASS)),$(SAMPLE))  ## mark a class by hand in the browser: make formgrader CLASS=class
	@$(BIN)/python -m course_pkg formgrader --class $(CLASS)

.PHONY: similarity
similarity: $(INSTALLED) $(if $(filter _build/sample_class,$(CLASS)),$(SAMPLE))  ## students whose code is alike: make similarity A=a1_convolution_1d CLASS=class
	@$(BIN)/python -m course_pkg similarity $(A) --class $(CLASS)

.PHONY: models
models: $(INSTALLED)  ## the networks: layers and parameters beside published figures
	@$(BIN)/python -m course_pkg models

.PHONY: check
check: $(INSTALLED)  ## test your own copy of an assignment: make check A=a1_convolution_1d
	@$(BIN)/python -m course_pkg check assignments/$(A)/$(A).ipynb

.PHONY: student-bundle
student-bundle: $(RELEASED)  ## the zip that students get
	@$(BIN)/python -m course_pkg student-bundle

# -- tests --------------------------------------------------------------------------------------------------

.PHONY: test
test: $(BOOK) $(RELEASED) browser sandbox postgresql lint  ## run every test
	OMP_NUM_THREADS=1 CUDA_VISIBLE_DEVICES= $(BIN)/python -m pytest tests book solutions --ignore tests/benchmarks --nbval --nbval-sanitize-with tests/book/sanitize.cfg \
		--numprocesses 2 --dist loadfile -q

.PHONY: lint
lint: $(INSTALLED)  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: conformance
conformance: $(INSTALLED)  ## how many of other people's test cases each operator passes, and what is left out and why
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/ops -q -k conformance

.PHONY: bench
bench: $(INSTALLED)  ## speed, measured side by side; renews book/results/ops_speed.json
	@$(BIN)/python -m pytest tests/benchmarks --benchmark-only -q
	@$(BIN)/python tests/benchmarks/measure_ops.py book/results/ops_speed.json

.PHONY: bench-train
bench-train: $(INSTALLED)  ## our training step beside a plain loop, by part; renews book/results/training_speed.json
	@$(BIN)/python -m course_pkg bench train

.PHONY: test-hostile
test-hostile: $(INSTALLED) sandbox  ## what becomes of hostile submissions, here and under stock nbgrader; renews the page of the book on it
	@$(BIN)/python -m tests.grading.hostile --page book/guides/hostile_table.md

.PHONY: bench-grading
bench-grading: $(INSTALLED) sandbox  ## submissions per minute beside stock nbgrader; renews book/results/grading_speed.json
	@$(BIN)/python tests/benchmarks/grading/measure_grading.py book/results/grading_speed.json

.PHONY: serve
serve: $(BOOK)  ## the book and the sample class on this machine, port 8000
	@echo "Book: http://localhost:8000/html/   Sample class: http://localhost:8000/sample_class/reports/$(A).html"
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build

.PHONY: clean
clean:  ## remove what was built (the environment stays)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks *.egg-info
