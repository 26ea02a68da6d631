//! What every target says of itself in a profile, whatever collects it.

use std::path::Path;

use super::io::config::TlsConfig;
use super::prometheus::config::LoadConfig;
use crate::model::{CollectorKind, Field};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// A target in a profile. Each collector's `config.rs` implements it.
pub trait TargetConfig {
    /// What reads it.
    fn kind(&self) -> &'static CollectorKind;

    /// Its name; of a declared fact, the component.
    fn name(&self) -> &Located<String>;

    /// Whether the verdict needs it, if the profile says.
    fn required(&self) -> Option<bool>;

    /// How long reading it may take, if the profile says.
    fn deadline(&self) -> Option<DurationText> {
        None
    }

    /// The file that it is, where it is one.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// The file to use when it cannot be reached.
    fn else_recorded(&self) -> Option<&Path> {
        None
    }

    /// Where its load over time is kept, if the profile says.
    fn load(&self) -> Option<&LoadConfig> {
        None
    }

    /// The component that it is, where the profile says another than its kind and name.
    fn component(&self) -> Option<&str> {
        None
    }

    /// The program that it starts, if it starts one: an environment has to allow that.
    fn program(&self) -> Option<&Located<String>> {
        None
    }

    /// The secrets that it needs.
    fn secrets(&self) -> Vec<&SecretReference> {
        Vec::new()
    }

    /// What has to be granted there so that it can be read, verbatim, a line for each way: all of
    /// it, or one part.
    fn grant(&self, _part: Option<&str>) -> Option<String> {
        None
    }

    /// What it says of TLS, once for each kind of server that it has.
    fn tls(&self) -> Vec<&TlsConfig> {
        Vec::new()
    }

    /// What of it may mislead, though it is not wrong: warnings of `check-profiles`.
    fn doubts(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Everything that is wrong with it.
    fn check(&self) -> Vec<Problem>;
}

/// What is wrong with a component that a profile names.
pub(super) fn check_component(component: &Located<String>) -> Option<Problem> {
    let is_name = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.chars().all(fits)
    };
    let fits = component.contains('/') && component.split('/').all(is_name);
    let advice = "write one like postgresql/orders";
    (!fits).then(|| Problem::at(component, "this cannot be the name of a component", advice))
}

/// Whether a parameter of that name is a secret.
pub(super) fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace(['-', '_'], "");
    ["password", "passwd", "secret", "token", "apikey"].iter().any(|word| name.contains(word))
}

/// What a profile says that a target is, as its evidence keeps it.
pub(super) fn named_facts(
    component: Option<&Located<String>>,
    product: Option<&str>,
) -> Vec<Field> {
    let component = component.map(|name| ("component", name.as_str()));
    let product = product.map(|name| ("product", name));
    let facts = component.into_iter().chain(product);
    facts.map(|(name, value)| Field::of_target(name, value)).collect()
}
