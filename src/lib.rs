//! envparity: an environment parity auditor for tool versions.
//!
//! Data flows one way, and each stage is a module:
//!
//! ```text
//! profile -> collect -> evidence -> normalize -> snapshot -> compare -> rules -> policy -> report
//! ```
//!
//! Evidence is what an environment answered, verbatim, and the only thing that is stored; a
//! snapshot is evidence seen through today's catalogue and always derived. `pipeline` wires the
//! stages together, `cli` is the edge. `tests/architecture.rs` decides who may import whom.
//!
//! # ARCHITECTURE notes
//!
//! Where the tree is not what one would expect, and why:
//!
//! - `collect/docker` speaks HTTP by hyper, not by a Docker client: it needs four GETs, and a
//!   client's whole-list decoding loses a list to one malformed item. `collect/io/http.rs` cannot
//!   do anything but GET, `collect/io/net.rs` caps every answer.
//! - `collect/docker/context.rs` reads the files of Docker's client itself: the client would follow
//!   `$DOCKER_HOST`, and be one more program to start. `collect/io/tls/unverified.rs` is for contexts
//!   with `SkipTLSVerify` alone.
//! - `cli/mod.rs` runs a command as a task of its own, or a pipe that nobody reads would keep
//!   signals from being heard.
//! - `collect/redis` uses the crate `redis` for the protocol over a connection of our own, which
//!   caps the answer and remembers its first bytes (to tell TLS and HTTP from a broken server).
//! - A Redis target may be several servers: a node or replica is a place in the evidence and a part
//!   of its own (`node HOST:PORT`, `replica HOST:PORT`), so that `parts()` of its collector is not
//!   all there is.
//! - Servers of one Redis target are asked with its one user, wherever Sentinels and masters say
//!   that they are.
//! - A setting has a set of values, because the nodes of one component may differ: that is a
//!   finding of its own.
//! - `collect/kubernetes` uses the crate `kube` for kubeconfigs, TLS and the protocol, but runs
//!   exec plugins, reads token files and finds the proxy itself: the crate would do so without a
//!   deadline, print a failing plugin's output, and match `$NO_PROXY` against the proxy. Lists are
//!   read into types of our own, because a whole one costs a gigabyte.
//! - ReplicaSets and Jobs are not listed: `collect/kubernetes/pod.rs` says how their owners are
//!   told.
//! - A CronJob without a pod is an instance (`scheduled`), as it is set up: else a verdict would
//!   depend on whether a job happens to run. Everything else without a pod is not running.
//! - `chart/<name>` is a component of its own: what a chart says of an image proves nothing of the
//!   image, and counts as its version (`workload-label`) only where neither label nor tag says one.
//! - `collect/io` holds what several collectors share.
//! - `wire/file.rs` is the one reader of files (regular ones, with a cap): profiles, collectors and
//!   commands share it, and `wire` is the lowest room that all of them may import.
//! - `collect/config.rs` has the one list of collectors. What other stages must know of each (its
//!   parts, what they can hold, its deadline, its keys in a profile) it says itself, by a
//!   `model::CollectorKind` that the pipeline hands down.
//! - `rules::RuleMeta` says what others must know of a rule (whether it blocks anywhere, is on
//!   versions, may be waived, what makes its finding and what it reads), and `Rule::in_brief` its
//!   words beside the matrix: no other file names a rule. `policy/metas.rs` is where they ask.
//! - `rules/promotion_inversion` looks at own services only: a platform product that is upgraded
//!   late is `version-skew`, judged by its level.
//! - Labels are inherited from base images, so an own service's tag counts before its label, and of
//!   a known product a label and a tag that disagree are compared both: a difference must not hide.
//! - `rules/variant_differs` came with the first rules: without it, `1.2.3` and `1.2.3-hotfix`
//!   would be told to be equal.
//! - Evidence ends with its totals, because YAML that breaks off between two items is still YAML.
//! - `rules/digest_mismatch` looks at any two environments, not only at pairs with the baseline: a
//!   tag that was pushed again between dev and qualif is what will be released next.
//! - The tag of a running image is a reading, not a text: only `normalize` knows the product whose
//!   expressions read it, so that no rule reads it again in another way.
//! - A product's expressions are asked before its scheme, of every text: a person declares what a
//!   tag says. What they read counts as a tag.
//! - A chart's version counts as charts do, never as the product in it.
//! - A drift outranks what cannot be compared when a component has several readings.
//! - The two rules on waivers are made by `policy/waiver/`, since only policy knows waivers;
//!   `policy::metas()` lists them beside the others.
//! - `policy/settled.rs` says when absence means something: it decides that a waiver is unused, and
//!   that a finding of an earlier report is resolved and not merely unread.
//! - What a waiver is bound to stands in the report with each finding, so that `waiver add
//!   --report` needs neither the evidence nor the catalogue. `model::Requirement` is shared by
//!   waivers and ranges: one grammar for both.
//! - `profile/places.rs` keeps where targets and components stand in the profiles, for formats that
//!   point there.
//! - `wire/cycles.rs` reads support cycles, of ours (`wire/end-of-life.yaml`) and of
//!   endoflife.date; rules get plain data.
//! - `rules/out_of_range` looks at all environments at once, as a pin needs the baseline; its
//!   finding on a pin names both.
//! - `report/mod.rs` says what counts of a target and what is too old, so that all formats agree.
//! - `wire/waivers.rs` edits text, as no YAML library keeps comments; the result is read again and
//!   must say what the old text said and one waiver more.
//! - A finding that was waived in the earlier report and counts now is new, and one that has become
//!   worse blocks under `--fail-on-new`: the earlier report never accepted it.
//! - `wire/problem.rs` is shared by every `config.rs`, so that `profile/` can show all problems.

pub mod cli;
pub mod collect;
pub mod compare;
pub mod model;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod profile;
pub mod report;
pub mod rules;
pub mod version;
pub mod wire;
