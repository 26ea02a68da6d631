//! Sources besides Docker, Kubernetes and Redis, from the profile to the report.

#[path = "support/cli.rs"]
mod cli;

use cli::{envparity, repository};

#[test]
fn the_example_has_nothing_that_is_wrong() {
    let ended = envparity(["check-profiles"]).profiles(&repository("examples/sources")).run();
    ended.expect(0);
}
