# Everything that is done with this repository, for people and for CI alike.
#   make demo    install what is needed, build, start server, engine and channels, print the address
#   make test    install what is needed, run every test
#   make players install the players and the PostgreSQL that tests use where they are there; CI has them
#   make check   formatting, lints, documentation, the API's description
#   make bench   measure against the peers (installs them where it may)

CARGO ?= cargo
FUZZ_SECONDS ?= 60

# npm prefers the Node of web/node_modules to the machine's own.
NPM = npm --prefix web

.PHONY: demo build test test-rust test-web e2e fuzz check fix bench openapi tools players clean

demo: web/dist/index.html
	$(CARGO) build --release --locked
	target/release/acehls demo

build: web/dist/index.html
	$(CARGO) build --release --locked

test: test-rust test-web e2e fuzz

test-rust: tools $(if $(CI),players) web/dist/index.html
	$(CARGO) test --workspace --locked

test-web: web/node_modules/.installed
	$(NPM) run test

e2e: tools $(if $(CI),players) web/dist/index.html
	$(CARGO) build --locked
	ACEHLS_BIN="$(CURDIR)/target/debug/acehls" $(NPM) run e2e

fuzz: tools
	scripts/fuzz.sh $(FUZZ_SECONDS)

check: web/dist/index.html
	$(CARGO) fmt --all --check
	$(CARGO) fmt --all --check --manifest-path fuzz/Cargo.toml
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	scripts/tools.sh python3 c++
	! command -v c++ || $(CARGO) clippy --manifest-path fuzz/Cargo.toml --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) run --quiet --locked -- openapi | diff docs/openapi.json -
	scripts/third-party.py --check
	$(NPM) run check

fix:
	$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --fix --allow-dirty

bench: build
	scripts/tools.sh ffmpeg nginx wrk python3
	bench/run

openapi:
	$(CARGO) run --quiet --locked -- openapi > docs/openapi.json
	$(NPM) run schema

tools:
	scripts/tools.sh ffmpeg chromium c++

players:
	scripts/tools.sh cvlc mpv streamlink firefox-esr initdb

web/node_modules/.installed: web/package.json web/package-lock.json
	$(NPM) ci --no-audit --no-fund
	touch $@

web/dist/index.html: web/node_modules/.installed $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
	$(NPM) run build
	touch $@

clean:
	$(CARGO) clean
	rm -rf web/dist web/node_modules fuzz/target
