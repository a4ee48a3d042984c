# The two commands of the README: `make run`, `make test`. Everything else supports them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export PATH := $(CURDIR)/.venv/bin:$(PATH)
CORE_SOURCES := $(shell find media/core -name '*.rs' -not -path '*/target/*') $(shell find media/core -name 'Cargo.*' -not -path '*/target/*')
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/.svelte-kit/*' -not -path '*/build/*' -not -path '*/paraglide/*')
# Browser tests without media, which may share the machine; those with pictures and sound want it for themselves.
PAGE_TESTS := $(addprefix tests/e2e/test_,accessibility.py administration.py browsers.py desk.py devices.py exchange.py first_start.py hall_desk.py paperless.py planning.py)
PAGE_TESTS += $(addprefix tests/e2e/test_,accounts.py audit_log.py ballots.py invitations.py nominations.py people_administration.py readiness.py second_factor.py)
# Without the slow ones: real conversions, twelve thousand of something, whole walks over the API.
QUICK_TESTS := tests/server tests/test_readme.py $(addprefix --ignore=tests/server/,conversion pdf demo test_openapi.py \
  test_rights_matrix.py test_command_line.py papers/test_leaks.py)
LOADGEN := media/core/target/release/loadgen
# Without optimising across crates: for a dozen test programs that alone took five minutes of CPU.
CARGO_TEST := CARGO_PROFILE_RELEASE_LTO=off cargo test --release

help:  ## lists the commands
	@grep -hE '^[a-z-]+:.*  ## ' Makefile | sed -E 's/^([a-z-]+):.*  ## (.*)/\1\t\2/' | expand -t 16

.PHONY: help run serve install install-program test test-quick test-browsers test-install sim sim-sweep check format api lock bench-forward bench-halls bench-live bench-loop bench-return bench-checkin bench-votes bench-import bench-papers bench-invite packages-run packages-test help-pictures clean
.DEFAULT_GOAL := run

run: packages-run .make/python .make/core .make/web  ## demo province, server, media node and simulated halls
	@exec nhipcau run

serve: .make/python .make/core .make/web  ## production: no demo
	@nhipcau migrate && exec nhipcau serve

install: .make/dist  ## as a service of this Debian machine (as root); again for a new version
	@docker/install

install-program: .make/dist  # the program alone, INTO=/opt/nhipcau
	@docker/install-program $(INTO)

test: packages-test .make/python .make/core .make/web .make/loadgen  ## every test
	cd media/core && { $(CARGO_TEST) --quiet || { echo "=== once more"; $(CARGO_TEST) --quiet; }; }
	cd web && npm run --silent test
	tests/rounds server -n 3 tests/server tests/docker tests/test_readme.py
	tests/rounds pages -n 2 --dist loadfile $(PAGE_TESTS)
	tests/rounds media tests/media tests/load tests/e2e $(PAGE_TESTS:%=--ignore=%)

test-quick: .make/python .make/core .make/web  ## the tests that need no browser, no PostgreSQL and no LibreOffice
	cd web && npm run --silent test
	python -m pytest -q -n auto --no-header -m "not browser" -k "not postgresql" $(QUICK_TESTS)

test-browsers: packages-test .make/python .make/core .make/web .make/loadgen  ## all browser stories, in Firefox too where `make test` tells them in Chromium alone
	NHIPCAU_TEST_EVERY_BROWSER=1 python -m pytest -q tests/e2e

test-install: .make/dist  ## installs it in a Debian with systemd of its own, and converts a paper under the unit (root)
	@python -m tests.docker.installed

SEED ?= 1
sim: ## weak lines in virtual time, with the losses of SEED=…
	cd media/core && SIM_SEEDS=$(SEED) $(CARGO_TEST) --quiet -p sfu --test weak_lines

sim-sweep: ## the same with twenty seeds nobody chose; one that finds something goes into tests/weak_lines.rs
	cd media/core && SIM_SEEDS=$$(shuf -i 1-1000000 -n 20 | paste -sd,) $(CARGO_TEST) -p sfu --test weak_lines

check: .make/python .make/node  ## format, lint, strict types, import rules, clippy, lock files
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	cd media/core && cargo fmt --check && cargo clippy --quiet --release --all-targets -- -D warnings
	cd web && npm run --silent lint && npm run --silent check
	! grep -nE 'https?://' requirements/*.lock
	! grep -n '"resolved"' web/package-lock.json

format: .make/python .make/node
	ruff check --fix --quiet . || true
	ruff format .
	cd media/core && cargo fmt
	cd web && npm run --silent format

api: .make/python .make/node  ## renews the web's types from the server's models (HTTP and live channel)
	python -m server.cli openapi > web/openapi.json
	cd web && npm run --silent api

help-pictures: ## renews the pictures of the help pages from the real pages (after a build)
	python -m tests.e2e.help_pictures

lock: .make/python  ## renews the Python lock files; npm and cargo renew theirs themselves
	uv pip compile pyproject.toml --quiet --group dev --generate-hashes --no-emit-index-url --no-header -o requirements/dev.lock
	uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header -o requirements/runtime.lock

bench-forward: packages-test .make/python .make/core .make/loadgen  ## CPU per forwarded packet, beside Janus
	@python -m tests.load.bench_forward

bench-halls: .make/python .make/core .make/web .make/loadgen  ## 161 halls join, then points are called in turn
	@python -m tests.load.bench_halls

bench-live: packages-test .make/python .make/core .make/web  ## 12,000 devices follow the presenter's pages
	@python -m tests.load.bench_live

bench-loop: packages-test .make/python .make/core .make/web  ## every heavy act at full size while pages turn: what holds the event loop
	@python -m tests.load.bench_loop

bench-return: packages-test .make/python .make/core .make/web  ## the server is killed with 12,000 devices and 161 halls on it: when is everybody back
	@python -m tests.load.bench_return

bench-checkin: packages-test .make/python .make/core .make/web  ## 12,000 check-ins while 200 consoles watch
	@python -m tests.load.bench_checkin

bench-votes: packages-test .make/python .make/core .make/web  ## 12,000 devices vote within 15 s while 200 consoles watch
	@python -m tests.load.bench_votes

bench-import: packages-test .make/python .make/core .make/web  ## 12,000 people come in from one file while others read and write
	@python -m tests.load.bench_import

bench-papers: packages-test .make/python .make/core .make/web  ## downloads beside nginx; the conversion's seconds per 100 pages
	@python -m tests.load.bench_papers

bench-invite: packages-test .make/python .make/core .make/web  ## 12,000 invitations with PDF and mail, while others ask for pages
	@python -m tests.load.bench_invite

packages-run:
	@docker/install-packages docker/packages-run.txt || echo "Going on without: simulated halls hum instead of speaking; Office files and scans cannot be taken in."

packages-test:
	@docker/install-packages docker/packages-test.txt

.make/venv:
	@mkdir -p .make
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo python3-venv > .make/venv-package; docker/install-packages .make/venv-package; }
	python3 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check uv
	@touch $@

.make/python: .make/venv requirements/dev.lock
	@echo "Python packages…"
	@uv pip sync --quiet requirements/dev.lock
	@rm -f .make/core
	@touch $@

.make/core: .make/python pyproject.toml $(CORE_SOURCES)
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.89 or newer (rustup.rs)"; exit 1; }
	@echo "Packet core (Rust)… the first build takes some minutes"
	@maturin develop --quiet --uv --release
	@touch $@

.make/dist: .make/core .make/web
	@rm -rf dist
	@maturin build --quiet --release --out dist
	@touch $@

.make/loadgen: $(CORE_SOURCES)
	@cd media/core && cargo build --quiet --release -p loadgen
	@mkdir -p .make && touch $@

.make/node: .make/python web/package.json web/package-lock.json
	@echo "Web packages…"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

.make/web: .make/node $(WEB_SOURCES)
	@echo "Web pages…"
	@cd web && npm run --silent build >../.make/web.log 2>&1 || { tail -30 ../.make/web.log; exit 1; }
	@touch $@

clean:  ## forgets everything built; keeps var/ (data)
	rm -rf .make .venv dist web/node_modules web/build web/.svelte-kit media/core/target media/*.so
