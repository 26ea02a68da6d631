//! The report as OpenMetrics 1.0 text, which Prometheus' older text parser reads as well.
//!
//! That one stands behind node_exporter's textfile collector and refuses the types `info` and
//! `stateset`, so all families are gauges. The numbers that can only grow with the audited are
//! bounded in [`components`]. Zeros are named, so that an alert can tell "none" from "not
//! measured".

mod components;
mod family;
mod redis;
#[cfg(test)]
mod tests;

use super::view::ReportView;
use super::view::verdict::ONLY_READ;
use super::{Audit, Format, Purpose, RenderError, RenderOptions};
use crate::model::{Disposition, Severity, Verdict, WaiverState};
use crate::policy::rule_metas;
pub(crate) use family::{Family, encode_text};

pub(super) struct OpenMetrics;

impl Format for OpenMetrics {
    fn name(&self) -> &'static str {
        "openmetrics"
    }

    fn summary(&self) -> &'static str {
        "metrics for Prometheus, by node_exporter's textfile collector (docs/FORMATS.md)"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        let families = std::iter::once(build_info()).chain(audit_families(report)).collect();
        encode_text(families)
            .map_err(|e| RenderError { format: self.name(), message: e.to_string() })
    }
}

/// What a run has found, without the version of the program.
pub(crate) fn audit_families(report: &Audit) -> Vec<Family> {
    let view = ReportView::new(report);
    let mut families = vec![target_up(&view), target_remarks(&view)];
    // A diff judges nothing but whether it is complete: its go is none for an alert.
    if report.purpose == Purpose::Audit {
        families.extend([
            verdict_family(report),
            last_success(report),
            gates_family(report),
            compared_family(report),
        ]);
    }
    families.extend([findings_family(&view), waivers_family(report)]);
    families.extend(oldest_family(&view));
    families.extend(redis::redis_families(&view));
    families.extend(components::component_families(&view));
    families
}

/// The version of the program.
pub(crate) fn build_info() -> Family {
    let mut family =
        Family::new("envparity_build_info", "Always 1: the version of envparity that wrote this.");
    family.set_sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    family
}

fn verdict_family(report: &Audit) -> Family {
    let mut family = Family::new(
        "envparity_verdict",
        "1 for the verdict of the last run, 0 for the two others: go, no-go, incomplete.",
    );
    for verdict in [Verdict::Go, Verdict::NoGo, Verdict::Incomplete] {
        family.set_sample(
            &[("is", verdict.as_str())],
            i64::from(report.judgement.verdict == verdict),
        );
    }
    family
}

fn gates_family(report: &Audit) -> Family {
    let mut family = Family::new(
        "envparity_gates",
        format!("Gates that were judged: where there is none, go says only that {ONLY_READ}."),
    );
    family.set_sample(&[], i64::try_from(report.gates.len()).unwrap_or(i64::MAX));
    family
}

fn compared_family(report: &Audit) -> Family {
    let mut family = Family::new(
        "envparity_compared_components",
        "Components of the later side of a gate, by whether they run on its earlier side too. \
         counterpart: whether they do.",
    );
    for one in &report.compared {
        let gate = format!("{}->{}", one.gate.from, one.gate.to);
        let without = one.of.saturating_sub(one.with_counterpart);
        for (counterpart, components) in [(true, one.with_counterpart), (false, without)] {
            let labels = [("gate", gate.as_str()), ("counterpart", bool_word(counterpart))];
            family.set_sample(&labels, i64::try_from(components).unwrap_or(i64::MAX));
        }
    }
    family
}

/// A text tells of one run and cannot know when an earlier one succeeded: zero is what
/// `max_over_time` passes over, and what an alert on the age fires for.
fn last_success(report: &Audit) -> Family {
    let mut family = Family::new(
        "envparity_last_success_timestamp_seconds",
        "When the last run ended, in seconds since 1970, if it succeeded: if no environment was \
         left out and everything that its verdict needs was read, whether that is go or no-go. 0 \
         if it did not; then max_over_time of this tells of the run before.",
    );
    let at = report.run.at.as_second();
    let is_whole = !report.judgement.is_incomplete() && report.left_out.is_empty();
    family.set_sample(&[], if is_whole { at } else { 0 });
    family
}

fn target_up(view: &ReportView<'_>) -> Family {
    let mut family = Family::new(
        "envparity_target_up",
        "1 if everything the profile asks of the target was read, or recorded or declared in its \
         stead, and still counts; 0 if not. required: whether the verdict needs it.",
    );
    for environment in &view.environments {
        for target in &environment.targets {
            let labels = [
                ("environment", environment.name()),
                ("target", &target.name()),
                ("required", bool_word(target.is_needed)),
            ];
            family.set_sample(&labels, i64::from(target.still_counts()));
        }
    }
    family
}

/// Their texts are in the other formats: they may change from run to run.
fn target_remarks(view: &ReportView<'_>) -> Family {
    let mut family = Family::new(
        "envparity_target_remarks",
        "What is odd about a target and decides nothing: a certificate that nobody checks, pods \
         on a lost node, a Sentinel that did not answer.",
    );
    for environment in &view.environments {
        for target in &environment.targets {
            let odd = target.coverage.notes.iter().filter(|note| note.is_odd).count();
            let labels = [("environment", environment.name()), ("target", &target.name())];
            family.set_sample(&labels, i64::try_from(odd).unwrap_or(i64::MAX));
        }
    }
    family
}

fn findings_family(view: &ReportView<'_>) -> Family {
    let mut family = Family::new(
        "envparity_findings",
        "Findings by rule, severity, disposition (active, waived; those that the policy switches \
         off are of severity off) and whether they concern a gate.",
    );
    let labels = |rule, severity: Severity, disposition, gate| {
        [
            ("rule", rule),
            ("severity", severity.as_str()),
            ("disposition", disposition),
            ("gate", bool_word(gate)),
        ]
    };
    for meta in rule_metas() {
        let id = meta.id;
        for gate in [true, false] {
            for severity in Severity::ALL.into_iter().filter(|severity| *severity != Severity::Off)
            {
                family.set_sample(&labels(id, severity, "active", gate), 0);
                family.set_sample(&labels(id, severity, "waived", gate), 0);
            }
            family.set_sample(&labels(id, Severity::Off, "off", gate), 0);
        }
    }
    for (findings, disposition) in [(&view.findings, "active"), (&view.waived, "waived")] {
        for one in findings {
            let gate = one.judged.in_gate;
            family.count_sample(&labels(one.finding().rule, one.severity(), disposition, gate));
        }
    }
    for judged in view.audit.findings.iter().filter(|one| one.disposition == Disposition::Off) {
        family.count_sample(&labels(judged.finding.rule, Severity::Off, "off", judged.in_gate));
    }
    family
}

/// Nothing without a history: an age that is not known is no zero.
fn oldest_family(view: &ReportView<'_>) -> Option<Family> {
    view.audit.standing.as_ref()?;
    let mut family = Family::new(
        "envparity_oldest_finding_timestamp_seconds",
        "Since when the oldest active finding stands, by severity and whether it concerns a gate, \
         as far as the history knows: in seconds since 1970. No series where there is none.",
    );
    let mut active: Vec<_> = view.findings.iter().collect();
    // Of two of the same labels the first counts.
    active.sort_by_key(|one| one.standing.map(|known| known.since));
    for one in active {
        let Some(known) = one.standing else { continue };
        let labels =
            [("severity", one.severity().as_str()), ("gate", bool_word(one.judged.in_gate))];
        family.set_sample(&labels, known.since.as_second());
    }
    Some(family)
}

fn waivers_family(report: &Audit) -> Family {
    let mut family = Family::new(
        "envparity_waivers",
        "Waivers by state: expired, unused, expiring within 14 days, active.",
    );
    for state in WaiverState::ALL {
        let count = report.waivers.iter().filter(|judged| judged.state == state).count();
        family.set_sample(&[("state", state.as_str())], i64::try_from(count).unwrap_or(i64::MAX));
    }
    family
}

fn bool_word(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
