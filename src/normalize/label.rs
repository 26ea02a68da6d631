//! Whose the version label of an image is: a base image hands its labels down to whatever is built
//! on it, and Ubuntu's `24.04` is not a version of a DNS server.

use super::product::{Product, Products, TextReader};
use crate::model::ImageUse;

/// Systems that images are built on, as they name themselves.
const SYSTEMS: &[&str] = &[
    "almalinux", "alpine", "amazonlinux", "archlinux", "busybox", "centos", "debian", "distroless",
    "fedora", "leap", "opensuse", "oraclelinux", "photon", "rocky", "rockylinux", "scratch",
    "sles", "suse", "tumbleweed", "ubi", "ubi-init", "ubi-micro", "ubi-minimal", "ubuntu", "wolfi",
];

/// Whether the version label of an image (`short` without registry) is not its own.
pub(super) fn is_inherited(
    products: &Products,
    image_use: &ImageUse,
    short: &str,
    reader: &TextReader<'_>,
) -> bool {
    match repository_named(&image_use.ref_name) {
        Some(base) => is_another(products, &base, short, reader.product),
        None => is_ubuntus(&image_use.version_label, short, reader.product),
    }
}

/// Images built on Ubuntu's carry its label, unless they have one of their own. Without a
/// `ref.name` the label's form alone tells that it is the system's.
fn is_ubuntus(label: &str, short: &str, product: Option<&Product>) -> bool {
    let parts: Vec<&str> = label.split('.').collect();
    let is_ubuntus = matches!(parts[..], [year, "04" | "10"] | [year, "04" | "10", _] if year.len() == 2 && year >= "12");
    let is_ubuntu = short.rsplit('/').next() == Some("ubuntu");
    is_ubuntus && !is_ubuntu && product.is_none_or(|product| product.name != "ubuntu")
}

/// The repository in a `ref.name`, without tag and digest; `None` where the text is not a name. It
/// may be a tag as well (Bitnami writes `7.2.4-debian-12-r9`), or a branch.
fn repository_named(ref_name: &str) -> Option<String> {
    let name = ref_name.trim().split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// Whether a name is that of another image: of a system, of another product, or one with a
/// registry in front. An unknown word may be a branch or a tag of this one.
fn is_another(products: &Products, base: &str, short: &str, product: Option<&Product>) -> bool {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let base_last = last(base);
    if base_last == last(short) {
        return false;
    }
    let known = products.by_image(base, base).or_else(|| products.by_name(&base_last));
    if let Some(known) = known {
        return product.is_none_or(|product| product.name != known.name);
    }
    // Red Hat counts its releases in the name: ubi9.
    let system = base_last.trim_end_matches(|c: char| c.is_ascii_digit());
    let has_registry = base
        .split_once('/')
        .is_some_and(|(registry, _)| registry.contains(['.', ':']) || registry == "localhost");
    SYSTEMS.contains(&base_last.as_str()) || SYSTEMS.contains(&system) || has_registry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_base_images_where_its_name_is() {
        let products = Products::new(&[]);
        let of = |ref_name: &str, short: &str| {
            let product = products.by_image(short, short);
            repository_named(ref_name)
                .is_some_and(|base| is_another(&products, &base, short, product))
        };
        for (ref_name, short) in [
            ("ubuntu", "technitium/dns-server"),
            ("Ubuntu:24.04", "mongo"),
            ("ubi9", "team/app"),
            ("rockylinux", "team/app"),
            ("nginx", "team/web"),
            ("redis", "grafana/grafana"),
            ("registry.example:5000/team/base:3", "team/app"),
        ] {
            assert!(of(ref_name, short), "{ref_name} on {short}");
        }
        for (ref_name, short) in [
            ("", "team/app"),
            ("ubuntu", "ubuntu"),
            ("ubuntu", "team/ubuntu"),
            ("7.2.4-debian-12-r9", "bitnami/redis"),
            ("redis", "bitnami/redis"),
            ("main", "team/app"),
            ("feature/login", "team/app"),
            ("registry.example/team/app:1.2.3", "team/app"),
            ("1.2.3", "team/app"),
        ] {
            assert!(!of(ref_name, short), "{ref_name} on {short}");
        }
    }
}
