# The whole workshop. `make demo` and `make test` set up everything they need; the rest are their parts.

# Certificate authorities that image builds trust beside their own: those of this machine, so that builds work where TLS is re-signed.
EXTRA_CA ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)
IMAGES_OPTIONS = $(if $(EXTRA_CA),--extra-ca $(EXTRA_CA))

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

.PHONY: engine
engine: ## Make sure that a Docker engine answers; as root, install and start one
	scripts/engine.sh

.PHONY: base
base: engine ## Pull the base image, or make it from Debian's packages where no registry answers
	scripts/base.sh

.PHONY: images
images: base ## Build or pull the executor images, and prove each
	cargo build --locked --workspace --all-targets
	target/debug/kiln images build $(IMAGES_OPTIONS)

.PHONY: demo
demo: ## Show it: engine, images, release build, daemon, a program in each language; stops what it started
	scripts/demo.sh $(IMAGES_OPTIONS)

.PHONY: env
env: ## Write .env for docker compose from what this machine is like
	scripts/env.sh $(EXTRA_CA)

.PHONY: secrets
secrets: ## A certificate for development and Grafana's password, for docker compose's profiles
	scripts/secrets.sh

.PHONY: compose
compose: base ## Show it by docker compose: build, first Execute, second start, a change, down; each step timed
	scripts/compose.sh $(EXTRA_CA)

.PHONY: check
check: ## Format, lints, documentation, the tree's own rules
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items
	cargo test --locked --workspace --test architecture
	python3 -m json.tool deploy/monitoring/grafana/dashboards/kiln.json >/dev/null
	if command -v shellcheck > /dev/null; then shellcheck scripts/*.sh deploy/*.sh .ci/run deploy/images/*/*.sh deploy/images/*/kiln-*-build; fi

.PHONY: test
test: images ## The whole suite; needs the engine and the images, and brings them up
	cargo test --locked --workspace -- --test-threads=2
	$(MAKE) test-compose

.PHONY: test-compose
test-compose: images ## docker-compose.yml with all its profiles: up, TLS, limits, metrics, a rolling upgrade, SIGTERM, down
	scripts/compose-test.sh $(EXTRA_CA)

.PHONY: test-composed
test-composed: images ## The tests against the real engine once more, the daemon a container of Kiln's own image
	scripts/test-composed.sh $(EXTRA_CA)

.PHONY: test-cgroup2
test-cgroup2: images ## The tests of limits and outcomes on cgroup v2, in a User-Mode Linux guest with an engine of its own; takes root
	scripts/cgroup2.sh

.PHONY: release
release: images ## The daemon built by profile, as the benchmarks measure it: target/profiled/kiln
	scripts/release.sh

.PHONY: bench
bench: release ## Measure Kiln beside docker exec, docker run and the bare toolchains; writes docs/benchmarks.md
	KILN_BENCH_DAEMON=target/profiled/kiln PATH="$$(scripts/bench-tools.sh target/bench-tools):$$PATH" cargo bench --locked --bench latency

.PHONY: soak
soak: images ## 100,000 executions of all languages through one daemon, and whether anything grows
	cargo build --locked --release
	scripts/soak.py target/release/kiln
