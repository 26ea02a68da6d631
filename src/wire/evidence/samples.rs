//! Samples in evidence, and the one sample of format 1.0 as one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{OldCommand, Sample, Target};
use super::format::EvidenceFormat;
use crate::model;
impl From<&model::Sample> for Sample {
    fn from(sample: &model::Sample) -> Self {
        Self {
            place: sample.place.clone(),
            run_id: sample.run_id.clone(),
            role: sample.role.clone(),
            taken: sample.taken,
            sections: sample.counters.sections().clone(),
            figures: sample.counters.figures().clone(),
            groups: sample.counters.groups().clone(),
            left_out: sample.counters.left_out(),
        }
    }
}

impl Sample {
    pub(super) fn into_model(self, target: &model::TargetId) -> Result<model::Sample, String> {
        let mut counters = model::Counters::default();
        self.sections.iter().for_each(|section| counters.add_section(section));
        for (name, number) in self.figures {
            counters.add(&name, require_finite(number)?);
        }
        for (group, items) in self.groups {
            for (name, number) in items {
                counters.add_item(&group, &name, require_finite(number)?);
            }
        }
        counters.add_left_out(self.left_out);
        let Self { place, run_id, role, taken, .. } = self;
        Ok(model::Sample { target: target.clone(), place, run_id, role, taken, counters })
    }
}

/// No server's number is written otherwise: who edits a file must not make all others zero.
fn require_finite(number: f64) -> Result<f64, String> {
    if number.is_finite() { Ok(number) } else { Err("a counter is not a finite number".to_owned()) }
}

/// The samples of a target, by the rules of the file's format.
pub(super) fn of_target(
    target: &mut Target,
    format: EvidenceFormat,
) -> Result<Vec<model::Sample>, String> {
    let id = model::TargetId::from(target.id.clone());
    let (figures, commands, errors) =
        (target.figures.take(), target.commands.take(), target.errors.take());
    let is_old = figures.is_some() || commands.is_some() || errors.is_some();
    if format == EvidenceFormat::FIRST {
        if !target.samples.is_empty() {
            return Err("samples: is of format 1.1, and the file does not say so".to_owned());
        }
        let commands = commands.unwrap_or_default();
        let (figures, errors) = (figures.unwrap_or_default(), errors.unwrap_or_default());
        let counters = old_counters(figures, commands, errors)?;
        let field = |name: &str| target.fields.get(name).cloned().unwrap_or_default();
        let sample = (!counters.is_empty()).then(|| model::Sample {
            target: id,
            place: String::new(),
            run_id: field("run_id"),
            role: field("role"),
            taken: target.taken,
            counters,
        });
        return Ok(sample.into_iter().collect());
    }
    if is_old && !format.is_newer() {
        return Err(
            "figures:, commands: and errors: are of format 1.0; this file says another".to_owned()
        );
    }
    let samples = std::mem::take(&mut target.samples).into_iter();
    let samples: Vec<_> = samples.map(|sample| sample.into_model(&id)).collect::<Result<_, _>>()?;
    let places: BTreeSet<&str> = samples.iter().map(|sample| sample.place.as_str()).collect();
    if places.len() < samples.len() {
        return Err("two samples of a target have one place".to_owned());
    }
    Ok(samples)
}

/// What format 1.0 had named otherwise, as INFO names it.
#[expect(clippy::cast_precision_loss, reason = "a counter beyond 53 bits is off by a little")]
fn old_counters(
    figures: BTreeMap<String, f64>,
    commands: BTreeMap<String, OldCommand>,
    errors: BTreeMap<String, u64>,
) -> Result<model::Counters, String> {
    let mut counters = model::Counters::default();
    for (name, number) in figures {
        let number = require_finite(number)?;
        match name.strip_prefix("latency/").and_then(|rest| rest.rsplit_once('/')) {
            Some((command, percentile)) => {
                let group = format!("latency_percentiles_usec_{command}");
                counters.add_item(&group, percentile, number);
            }
            None => counters.add(&name, number),
        }
    }
    for (name, OldCommand { calls, usec, rejected, failed }) in commands {
        let items = [
            ("calls", calls),
            ("usec", usec),
            ("rejected_calls", rejected),
            ("failed_calls", failed),
        ];
        for (item, number) in items {
            counters.add_item(&format!("cmdstat_{name}"), item, number as f64);
        }
    }
    for (prefix, count) in errors {
        counters.add_item(&format!("errorstat_{prefix}"), "count", count as f64);
    }
    Ok(counters)
}
