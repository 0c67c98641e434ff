# Two commands: `make demo` shows the main job end to end, `make test` passes the tests.
# Both install what they need first; neither needs anything else. `make demo ARGS=--once` ends after the table.

CARGO ?= cargo

.PHONY: demo test bench fuzz check

## Build (some minutes the first time), start a gateway on 127.0.0.1 with a demo PKI and a partner mailbox, send instructive mail, print what happened.
demo:
	@packaging/prerequisites build
	@$(CARGO) build --release
	@target/release/sealgate demo $(ARGS)

## Run every test; those whose counterpart (Postfix, NSS, ...) is missing are skipped by name.
test:
	@packaging/prerequisites test
	@$(CARGO) test --quiet
	@target/debug/sealgate policy test --policies policies

## Measure the whole path side by side with Postfix, and reading, detecting and sealing side by side with others; prints ratios.
## One alone: `cargo bench --bench relay`, `--bench scan`, `--bench seal` or `--bench detect`.
bench:
	@packaging/prerequisites test
	@$(CARGO) build --release --quiet
	@$(CARGO) bench --quiet --bench relay
	@$(CARGO) bench --quiet --bench scan
	@$(CARGO) bench --quiet --bench seal

## Feed every reader with hostile input, SECONDS for each. Needs `cargo install cargo-fuzz --locked`. One alone: fuzz/run 60 pdf
SECONDS ?= 60
fuzz:
	@fuzz/run $(SECONDS)

## What the continuous integration runs.
check:
	@.ci/run
