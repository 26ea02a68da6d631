//! Packages of a host or an image, as the components `package/<name>`.

use super::{Builder, Said};
use crate::model::TargetEvidence;
use crate::version::Scheme;

/// How versions of each kind of package are ordered.
fn scheme(kind: &str) -> Scheme {
    match kind {
        "deb" => Scheme::Debian,
        "rpm" => Scheme::Rpm,
        "apk" => Scheme::Apk,
        _ => Scheme::Generic,
    }
}

pub(super) fn add_packages(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for field in &target.fields {
        let Some((kind, name)) = field.name.split_once('/') else { continue };
        for text in field.value.split(' ') {
            let component = format!("package/{name}").as_str().into();
            let said = Said { component, product: None, hint: Some(scheme(kind)), text };
            builder.add_platform(target, &said, |instance| instance);
        }
    }
}
