//! What one part of a target told, as canonical JSON straight from the model: keys sorted, nothing
//! between them, lists in one order. Evidence of 20,000 pods is megabytes: it is written once, and
//! neither copied nor read again before.
//!
//! Fields stand in the order of their keys: that is the order in which they are written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::convert::state_word;
use super::revisions::RevisionsPiece;
use crate::model;

/// What one part told.
#[derive(Default, Serialize)]
pub(super) struct PartRows<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) declared: Vec<DeclaredRow<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<ImageRow<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) places: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
    /// Of the part that is asked by checklists alone; no file of evidence holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revisions: Option<RevisionsPiece>,
}

/// An image in use.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ImageRow<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    app_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    chart: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    container: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    image_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    ref_name: &'a str,
    reference: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    repo_digests: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    repo_tags: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    runtime: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version_label: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    workload: &'a str,
}

/// A fact that a person vouches for.
#[derive(Serialize)]
pub(super) struct DeclaredRow<'a> {
    by: &'a str,
    component: &'a str,
    expires: jiff::civil::Date,
    on: jiff::civil::Date,
    #[serde(skip_serializing_if = "str::is_empty")]
    product: &'a str,
    version: &'a str,
}

impl<'a> From<&'a model::ImageUse> for ImageRow<'a> {
    fn from(image: &'a model::ImageUse) -> Self {
        Self {
            app_version: &image.app_version,
            chart: &image.chart,
            container: &image.locator.container,
            image_id: &image.image_id,
            namespace: &image.locator.namespace,
            ref_name: &image.ref_name,
            reference: &image.reference,
            repo_digests: &image.repo_digests,
            repo_tags: &image.repo_tags,
            runtime: &image.runtime,
            state: state_word(&image.state),
            version_label: &image.version_label,
            workload: &image.locator.workload,
        }
    }
}

impl<'a> From<&'a model::Declared> for DeclaredRow<'a> {
    fn from(declared: &'a model::Declared) -> Self {
        Self {
            by: &declared.by,
            component: &declared.component,
            expires: declared.expires,
            on: declared.on,
            product: &declared.product,
            version: &declared.version,
        }
    }
}

impl PartRows<'_> {
    /// The same text whatever the order in which the target listed things.
    pub(super) fn canonical(mut self) -> serde_json::Result<String> {
        // By what tells most of them apart: thousands have all the rest in common.
        self.images.sort_unstable_by(|a, b| a.workload.cmp(b.workload).then_with(|| a.cmp(b)));
        serde_json::to_string(&self)
    }
}
