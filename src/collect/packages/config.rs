//! What a profile says of a list of packages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::collect::patterns::check_globs;
use crate::collect::target::TargetConfig;
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, Occurs};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

pub(super) const PACKAGES: &str = "packages";

/// A file with the packages of a host or an image: what `dpkg-query -W` or `rpm -qa` printed, or a
/// CycloneDX SBOM in JSON. Each package that `include` selects is the component `package/<name>`:
/// `{name: host, path: evidence/dpkg.txt, include: [openssl, "libc6*"]}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackagesConfig {
    /// Name of the target.
    pub name: Located<String>,
    /// The file, relative to the profile's folder.
    pub path: PathBuf,
    /// Which packages are compared, as patterns over their names: `[openssl, "nginx*"]`. A host has
    /// thousands, of which few matter. Write the same in every environment: what a list leaves out
    /// there is missing here.
    pub include: Vec<Located<String>>,
    /// When it was taken, in UTC (default: what the SBOM says, else when the file was written).
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub taken: Option<Timestamp>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
}

impl PackagesConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "packages",
        noun: "packages target",
        facts: Facts::Packages,
        parts: &[CollectorPart {
            name: PACKAGES,
            occurs: Occurs::Always,
            holds: &[Holds::Group("package")],
        }],
        is_service: false,
        jointly: &[Holds::Group("package")],
        identity: None,
        groups: &["package"],
        products: &[],
        deadline: Duration::from_secs(15),
        clashes_with_files: false,
    };
}

impl TargetConfig for PackagesConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = check_globs(&self.include);
        if self.include.is_empty() {
            let advice = "name the packages that matter: [openssl, \"nginx*\"]";
            problems.push(Problem::at(&self.name, "include: selects no package", advice));
        }
        let all = self.include.iter().find(|pattern| pattern.as_str() == "*");
        problems.extend(all.map(|pattern| {
            let message = "include: selects every package, of which a host has thousands";
            Problem::at(pattern, message, "name those that matter")
        }));
        problems
    }
}
