# Every command that a person or CI types. `just` lists them.

_list:
    @just --list --unsorted

# Start the service on a private Postgres
run *ARGS:
    cargo run -- {{ ARGS }}

# Format the code
fmt:
    cargo fmt --all

# Check the format
fmt-check:
    cargo fmt --all --check

# Check format and lints; a warning is a failure
lint: fmt-check
    cargo clippy --workspace --all-targets --locked -- --deny warnings

# Check the format, and the lints and tests of the rules: below a minute
quick: fmt-check
    cargo clippy --package periscope-domain --all-targets --locked -- --deny warnings
    cargo test --package periscope-domain --locked

# Build the documentation of all crates
doc:
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked

# Run every test; Postgres is TEST_DATABASE_URL if it is set, else a private one
test *ARGS:
    cargo test --workspace --locked {{ ARGS }}

# Check who uses what, licences and sources
deny:
    cargo deny --config .cargo/deny.toml check --hide-inclusion-graph bans licenses sources

# Print schema.rs anew from the migrated database
schema:
    PRINT_SCHEMA=1 cargo test --package periscope-adapters --test schema the_schema_file

# Print the examples of the API's description and crates/server/openapi.json anew
openapi:
    PRINT_OPENAPI=1 cargo test --package periscope-server --test api openapi::every_example
    PRINT_OPENAPI=1 cargo test --package periscope-server --test api openapi::the_description

# Test the running program against the API's description: `just schemathesis [--seed 7]`
schemathesis *ARGS:
    .ci/schemathesis/run {{ ARGS }}

# Test the pages of the running program in a real browser: `just browser [COMMAND]`
browser *ARGS:
    .ci/browser/run {{ ARGS }}

# Take the pictures of the dashboard anew, of a history like the one of devlake: `just screenshots FILE`
screenshots FILE:
    .ci/browser/run node screenshots.mjs {{ absolute_path(FILE) }}

# Measure: `just bench` all, which ends with one table of ratios, or `just bench ingest` the webhook against a bare upsert
bench NAME="all" *ARGS:
    #!/usr/bin/env bash
    set -euo pipefail
    told=$(mktemp)
    trap 'rm "$told"' EXIT
    for name in {{ if NAME == "all" { "ingest linking metrics" } else { NAME } }}; do
        cargo bench --package periscope --bench "$name" -- {{ ARGS }} | tee --append "$told"
    done
    echo
    grep '^ratio' "$told"

# Send a history to a running server: `just replay FILE --key KEY [--shuffle SEED] [--senders 8]`
replay FILE *ARGS:
    cargo run --release --package periscope --example replay -- {{ FILE }} {{ ARGS }}

# Compare links, first deliveries and lead times with git: `just accuracy FILE... [--output json]`
accuracy *ARGS:
    cargo build --release --package periscope --bin periscope
    cargo run --release --package periscope --example accuracy -- {{ ARGS }}

# Hold every claim of reliability against kills, crowds and sick databases: `just soak [SCENARIO]... [--size long]`
soak *ARGS:
    cargo build --release --package periscope --bin periscope
    cargo run --package periscope --example soak -- {{ ARGS }}

# Hold the same claims for two minutes, by the program without optimizations, as CI does
soak-short *ARGS:
    #!/usr/bin/env bash
    set -euo pipefail
    source .ci/build
    target/debug/examples/soak --size short --program "$PERISCOPE" {{ ARGS }}

# Fuzz what strangers send: all or webhook, batches, github_body, github_signature, api_key, query, cursor, git_log
fuzz TARGET="all" SECONDS="60":
    BOLERO_RANDOM_TEST_TIME_MS={{ SECONDS }}000 cargo test --locked --package periscope-server --package periscope-adapters \
        --lib fuzz::{{ if TARGET == "all" { "" } else { TARGET } }} -- --skip fuzz::generated

# Change the rules one by one and see whether a test notices: `just mutants` all, or a sample: `just mutants --shard 0/16`
mutants *ARGS:
    PROPTEST_CASES=64 PROPTEST_MAX_SHRINK_ITERS=0 cargo mutants --package periscope-domain --exclude '**/use_cases/**' \
        --baseline skip --timeout 120 {{ ARGS }} -- --lib

# The same of the use cases, by the contracts of the store in memory
mutants-use-cases *ARGS:
    cargo mutants --package periscope-domain --file '**/use_cases/**' --test-package periscope-adapters --baseline skip \
        --timeout 240 {{ ARGS }} -- --test contract memory::

# The same where the last commit to touch `domain` changed it, or what has changed since BASE
mutants-changed *BASE:
    .ci/mutants {{ BASE }}

# What CI runs on every push, without what it installs: `.ci/run` runs the same recipes, some of them side by side
ci: lint doc deny (schemathesis "--max-examples" "15") browser soak-short test

# What `.ci/nightly` runs: an hour, best on a quiet machine
nightly: schemathesis (soak "--size" "ci") (fuzz "all" "60") mutants-changed
