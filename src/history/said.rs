//! What a mark says, as its run holds it. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::{EnvironmentName, LoadSpan, SpanMark};

/// The kind of a run that is a mark.
pub(super) const KIND: &str = "mark";

/// What a mark of a span says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SaidMark {
    pub(super) environment: String,
    /// `span`.
    pub(super) mark: String,
    /// Unix seconds.
    pub(super) from: i64,
    /// Unix seconds.
    pub(super) to: i64,
    pub(super) label: String,
    pub(super) by: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) exclude: bool,
}

impl SaidMark {
    /// Whose span it is, and what it says.
    pub(super) fn into_mark(self) -> (EnvironmentName, SpanMark) {
        let mark = SpanMark {
            span: LoadSpan { from: self.from, to: self.to },
            label: self.label,
            by: self.by,
            is_excluded: self.exclude,
        };
        (self.environment.into(), mark)
    }
}

/// What a run says of a span, if it is a mark of one.
pub(super) fn of_run(kind: &str, said: &Json) -> Option<(EnvironmentName, SpanMark)> {
    let said = (kind == KIND).then(|| serde_json::from_value::<SaidMark>(said.clone()).ok());
    Some(said??.into_mark())
}
