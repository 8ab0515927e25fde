# The habits of this project. `just` lists them.

_default:
    @just --list --unsorted

# format, lints, docs
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --document-private-items

# unit, property, golden and house tests; no privilege needed
test:
    cargo test --locked

# all suites on real namespaces; root, Debian 12 or newer
integration *suites:
    integration/run {{suites}}

# see it work
demo:
    cargo run --release --locked -- demo

# what programming a namespace costs (apply), what a connection costs (connect), kernel memory (memory)
bench name *flags:
    cargo bench --locked --bench {{name}} -- {{flags}}

# licences, sources, duplicates
deny:
    cargo fetch --locked
    cargo deny --workspace --offline check bans sources licenses

# the rules of the default policy
golden:
    cargo run --quiet --locked -- plan

# one target of fuzz/ for so many seconds; needs cargo-fuzz
fuzz target seconds:
    RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none {{target}} -- -max_total_time={{seconds}} -max_len=8192
