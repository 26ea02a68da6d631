//! `envparity check-profiles`

use std::io::Read as _;
use std::path::Path;

use super::args::CheckProfilesArguments;
use super::exit::Exit;
use super::{CommandError, clock, notify, output, problems};
use crate::model::count;
use crate::normalize::config::CatalogueConfig;
use crate::normalize::product::Products;
use crate::pipeline;
use crate::policy;
use crate::profile::Surroundings;
use crate::rules::{Directions, RuleMeta};

pub(super) fn run(arguments: &CheckProfilesArguments) -> Result<Exit, CommandError> {
    let folder = &arguments.profiles.profiles;
    let products = products(problems::load(folder)?.catalogue.as_ref());
    let around = Surroundings {
        is_file: &|path| path.is_file() || path == Path::new("/dev/stdin"),
        canonical: &|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()),
        holds_others: &holds_others,
        is_set: &|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()),
        products: &products,
        compares: &|rule| policy::rule_meta(rule).is_some_and(RuleMeta::compares),
        may_say: &|rule, level| {
            policy::rule_meta(rule).is_some_and(|meta| meta.levels.contains(level))
        },
        has_direction: &|rule| {
            policy::rule_meta(rule).is_some_and(|meta| meta.directions == Directions::Any)
        },
    };
    let (profiles, warnings) = problems::load_with_warnings(folder, &around)?;
    let mut text = match warnings.len() {
        0 => format!("{} is in order\n", folder.display()),
        n => format!("{} is in order, with {}\n", folder.display(), count(n, "warning")),
    };
    let gates = profiles.gates(&profiles.baseline);
    for environment in &profiles.environments {
        let targets = pipeline::jobs(environment, &profiles.folder, None, true, false).len();
        let baseline = if environment.name == profiles.baseline { ", the baseline" } else { "" };
        let required = if environment.is_required(&profiles.baseline, &gates) {
            "required"
        } else {
            "not required"
        };
        text.push_str(&format!(
            "  {:<20} {}, {required}{baseline}\n",
            environment.name,
            count(targets, "target")
        ));
    }
    if gates.is_empty() {
        text.push_str("  no gate: nothing blocks\n");
    }
    for gate in &gates {
        text.push_str(&format!("  gate {} -> {}\n", gate.from, gate.to));
    }
    text.push_str(&notify::next_times(&profiles, clock()()));
    output::print(&text)?;
    Ok(if arguments.strict && !warnings.is_empty() { Exit::NoGo } else { Exit::Done })
}

/// All names of products, in lower case.
fn products(catalogue: Option<&CatalogueConfig>) -> Vec<String> {
    let own = catalogue.map(|catalogue| catalogue.products.as_slice()).unwrap_or_default();
    let products = Products::new(own);
    let names = products.iter().flat_map(|product| {
        std::iter::once(&product.name).chain(&product.aliases).map(|name| name.to_lowercase())
    });
    names.collect()
}

/// Whether a file begins as evidence does: then it names its targets itself.
fn holds_others(path: &Path) -> bool {
    const BEGINNING: u64 = 1024;
    let mut beginning = Vec::new();
    // Asked before it is opened: opening a FIFO waits for its writer.
    let is_read = path.is_file()
        && std::fs::File::open(path)
            .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
            .is_ok();
    is_read && String::from_utf8_lossy(&beginning).contains("Evidence")
}
