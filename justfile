# so that "$@" keeps the words apart as they were given
set positional-arguments

# `just` lists these.
_list:
    @just --list --unsorted

# drift report and verdict of the profiles in profiles/; ARGS as for `envparity audit`
audit *ARGS:
    cargo run -- audit "$@"

# every test, against real servers; ARGS go to the runner
test *ARGS:
    tests/run.sh "$@"

# all that must hold before a merge
ci:
    .ci/run

# rewrite the generated files: schemas, REFERENCE.md, help in the README
regen:
    ENVPARITY_REGEN=1 cargo test --test reference

# measure; ARGS go to `cargo bench`
bench *ARGS:
    cargo bench "$@"
