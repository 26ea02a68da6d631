//! Components are called as in reports: by the products' own names, whatever alias a file has.
//!
//! Names of targets stay as they are written: evidence that was stored has them.

use super::check::ProfileFiles;
use crate::collect::config::COLLECTORS;
use crate::model::ProductNames;
use crate::normalize::product::config as product;
use crate::wire::yaml::Located;

/// The names that components may have by the catalogue.
pub(super) fn component_spellings(files: &ProfileFiles) -> ProductNames {
    let catalogue = files.catalogues.first().map(|parsed| parsed.config.products.as_slice());
    product::names_for(catalogue.unwrap_or_default(), COLLECTORS)
}

/// Names of components, and patterns of them, in every file.
pub(super) fn correct_names(files: &mut ProfileFiles, names: &ProductNames) {
    for parsed in &mut files.environments {
        let config = &mut parsed.config;
        correct_each(config.expect.iter_mut().chain(&mut config.ignore), names);
    }
    for parsed in &mut files.catalogues {
        let components = &mut parsed.config.components;
        correct_each(components.iter_mut().map(|entry| &mut entry.component), names);
    }
    for parsed in &mut files.policies {
        let config = &mut parsed.config;
        let rules = config.rules.iter_mut().flat_map(|row| &mut row.components);
        let owners = config.owners.iter_mut().flat_map(|row| &mut row.components);
        let ranges = config.ranges.iter_mut().flat_map(|row| &mut row.value.components);
        correct_each(rules.chain(owners).chain(ranges), names);
    }
    for parsed in &mut files.waivers {
        let waivers = &mut parsed.config.waivers;
        correct_each(waivers.iter_mut().map(|waiver| &mut waiver.component), names);
    }
}

fn correct_each<'a>(written: impl Iterator<Item = &'a mut Located<String>>, names: &ProductNames) {
    for name in written {
        name.value = names.canonical_name(&name.value).into_owned();
    }
}
