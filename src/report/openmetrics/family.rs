//! A metric family with its samples in one order, whatever order they came in.
//!
//! The crate's own families keep their samples in a hash map, so its text would change from run to
//! run. A collector of ours hands it the samples instead; names, labels and numbers are written by
//! the crate.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, GaugeValueEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use sha2::{Digest as _, Sha256};

use crate::wire::deceptive::is_deceptive;

/// Characters of a label's value at most; what is longer ends in `…`.
const MAX_LABEL: usize = 200;

/// A gauge with its samples.
#[derive(Debug)]
pub(crate) struct Family {
    name: &'static str,
    unit: Option<Unit>,
    help: Cow<'static, str>,
    samples: BTreeMap<Vec<(&'static str, String)>, Number>,
}

/// A whole number is written without a point.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i64),
    Fraction(f64),
}

impl EncodeGaugeValue for Number {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.encode(encoder),
            Self::Fraction(value) => value.encode(encoder),
        }
    }
}

impl Family {
    /// An empty family. `help` is one line without quotation marks and backslashes. The end of the
    /// name is its unit, as the format has it; the encoder writes it there.
    pub(crate) fn new(name: &'static str, help: impl Into<Cow<'static, str>>) -> Self {
        let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
        let cut = |(end, unit)| Some((name.strip_suffix(end)?, Some(unit)));
        let (name, unit) = units.into_iter().find_map(cut).unwrap_or((name, None));
        Self { name, unit, help: help.into(), samples: BTreeMap::new() }
    }

    /// Adds a sample. Two of the same labels would cost the reader the whole file: of those the
    /// first counts, and the answer tells whether this one stands for what it says.
    pub(crate) fn set_sample(&mut self, labels: &[(&'static str, &str)], value: i64) -> bool {
        let labels = labels.iter().map(|(name, text)| (*name, escape_label(text))).collect();
        let value = Number::Whole(value);
        *self.samples.entry(labels).or_insert(value) == value
    }

    /// Adds a sample that is not a whole number; of two of the same labels the first counts.
    pub(crate) fn set_fraction(&mut self, labels: &[(&'static str, &str)], value: f64) {
        let labels = labels.iter().map(|(name, text)| (*name, escape_label(text))).collect();
        self.samples.entry(labels).or_insert(Number::Fraction(value));
    }

    /// Adds one to a sample.
    pub(crate) fn count_sample(&mut self, labels: &[(&'static str, &str)]) {
        let labels = labels.iter().map(|(name, text)| (*name, escape_label(text))).collect();
        if let Number::Whole(count) = self.samples.entry(labels).or_insert(Number::Whole(0)) {
            *count += 1;
        }
    }
}

/// What acts or hides becomes `\u{…}`, since the format has no escape for it; the end of a line has
/// one. Then cut.
fn escape_label(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars();
    for c in rest.by_ref().take(MAX_LABEL) {
        if (c.is_control() && c != '\n') || is_deceptive(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    if rest.next().is_some() {
        // Two that begin alike stay two.
        let digest: String =
            Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        safe.push_str(&format!("…{digest}"));
    }
    safe
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, unit, help, samples } in &self.0 {
            let mut metric =
                encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            for (labels, value) in samples {
                if labels.is_empty() {
                    metric.encode_gauge(value)?;
                } else {
                    let labels: Vec<(&str, &str)> =
                        labels.iter().map(|(name, text)| (*name, text.as_str())).collect();
                    metric.encode_family(&labels)?.encode_gauge(value)?;
                }
            }
        }
        Ok(())
    }
}

/// All of them as OpenMetrics text.
pub(crate) fn encode_text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_cut_and_told_once() {
        let mut family = Family::new("x", "Help.");
        assert!(family.set_sample(&[("a", "\\ \" {} ,\n\u{1b}[2J\u{202e}é")], 1));
        assert!(
            family.set_sample(&[("a", "\\ \" {} ,\n\u{1b}[2J\u{202e}é")], 1),
            "it says the same"
        );
        assert!(
            !family.set_sample(&[("a", "\\ \" {} ,\n\u{1b}[2J\u{202e}é")], 2),
            "it would say two things"
        );
        family.set_sample(&[("a", &"7".repeat(300))], 3);
        let wanted = "# HELP x Help.\n# TYPE x gauge\nx{a=\"".to_owned()
            + &"7".repeat(200)
            + "…ed250bc2\"} 3\nx{a=\"\\\\ \\\" {} ,\\n\\\\u{1b}[2J\\\\u{202e}é\"} 1\n# EOF\n";
        assert_eq!(encode_text(vec![family]).unwrap(), wanted);
    }
}
